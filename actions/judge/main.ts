import { runAction } from '../lib/run.ts';
import { judgeAction } from './action.ts';

await runAction(judgeAction);
