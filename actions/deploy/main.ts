import { runAction } from '../lib/run.ts';
import { deploy } from './action.ts';

await runAction(deploy);
