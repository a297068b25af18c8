import { runAction } from '../lib/run.ts';
import { uploadRepository } from './action.ts';

await runAction(uploadRepository);
