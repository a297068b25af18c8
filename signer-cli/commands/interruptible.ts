import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a person, a supervisor or a closed terminal ends a command by. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Milliseconds for what cleans up after itself when its signal is aborted. */
const GRACE_MS = 5_000;

/**
 * Does work that would leave something half-written where a signal ends the process: then `signal` is aborted, and once the work
 * has ended the process does, by what it was sent, so that a shell sees 128 and the signal's number. A second one ends it at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let sent: NodeJS.Signals | undefined;
  let ending: Promise<void> | undefined;
  const letGo = (): void => {
    for (const name of SIGNALS) process.removeListener(name, onSignal);
  };
  function onSignal(name: NodeJS.Signals): void {
    sent = name;
    letGo();
    controller.abort(new Error(`ended by ${name}`));
    ending = sleep(GRACE_MS, undefined, { ref: false }).then(() => end(name));
  }
  for (const name of SIGNALS) process.on(name, onSignal);
  try {
    return await work(controller.signal);
  } finally {
    letGo();
    if (sent !== undefined) await end(sent);
    void ending;
  }
}

/** By the signal itself; by its code where that does not reach. */
async function end(name: NodeJS.Signals): Promise<void> {
  process.kill(process.pid, name);
  await sleep(100);
  process.exit(128 + constants.signals[name]);
}
