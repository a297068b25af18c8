import { runAction } from '../lib/run.ts';
import { createSigningEvents } from './action.ts';

await runAction(createSigningEvents);
