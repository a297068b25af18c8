import { runAction } from '../lib/run.ts';
import { onlineSigning } from './action.ts';

await runAction(onlineSigning);
