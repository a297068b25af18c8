import { runAction } from '../lib/run.ts';
import { updateIssue } from './action.ts';

await runAction(updateIssue);
