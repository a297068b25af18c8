import { runAction } from '../lib/run.ts';
import { onlineSigningOfTargets } from './action.ts';

await runAction(onlineSigningOfTargets);
