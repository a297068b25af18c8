import { runAction } from '../lib/run.ts';
import { testRepository } from './action.ts';

await runAction(testRepository);
