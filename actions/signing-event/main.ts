import { runAction } from '../lib/run.ts';
import { signingEvent } from './action.ts';

await runAction(signingEvent);
