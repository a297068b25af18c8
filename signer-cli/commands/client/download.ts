import type { Progress } from '../../../src/client/download.ts';
import type { Downloaded } from '../../../src/client/download-target.ts';
import { CodedError, unreachable } from '../../../src/errors.ts';
import { renderJson } from '../../../src/render/json.ts';
import { escapeTerminal } from '../../../src/render/terminal-text.ts';
import { EXIT } from '../../exit-codes.ts';
import { failureJson } from '../../failure.ts';
import type { Output } from '../../output.ts';
import type { RunContext } from '../../run-context.ts';
import { interruptible } from '../interruptible.ts';
import type { ClientFlags } from './flags.ts';
import { openClient } from './open.ts';

/** Fetches artifacts one after the other; the first that can't be had ends it. With `--json` both stand in the one document. */
export function run(targets: readonly string[], flags: ClientFlags, context: RunContext): Promise<number> {
  return interruptible(async signal => {
    const { output } = context;
    const downloads = await downloaderOf(flags, context, signal);
    const done: Downloaded[] = [];
    try {
      for (const target of targets) {
        const downloaded = await downloads.download(target, flags.out ?? '.', progressOf(target, output));
        done.push(downloaded);
        if (flags.json === true) continue;
        output.say(`${target}: ${words(downloaded)}`);
        output.result(escapeTerminal(downloaded.file));
      }
    } catch (error) {
      const left = targets.length - done.length - 1;
      if (left > 0) output.say(`not tried any more: ${targets.slice(-left).join(', ')}`);
      if (flags.json === true && done.length > 0 && error instanceof CodedError)
        output.result(renderJson({ downloads: done.map(json), ...failureJson(error) }));
      throw error;
    }
    if (flags.json === true) output.result(renderJson({ downloads: done.map(json) }));
    return EXIT.accepted;
  });
}

interface Downloader {
  download(path: string, folder: string, progress: Progress): Promise<Downloaded>;
}

async function downloaderOf(
  flags: ClientFlags,
  context: RunContext,
  signal: AbortSignal,
): Promise<Downloader> {
  if (flags.map === undefined) return await openClient(flags, context, { signal });
  const { openMap } = await import('./open-map.ts');
  return await openMap(flags.map, flags, context, { signal });
}

/** Milliseconds between two lines, and before the first. */
const QUIET_MS = 2_000;
const MIB = 2 ** 20;

/** A line now and then while a large artifact comes: the same on a terminal and in a log. */
function progressOf(target: string, output: Output): Progress {
  let last = performance.now();
  return (received, length) => {
    const now = performance.now();
    if (now - last < QUIET_MS || received >= length) return;
    last = now;
    const percent = Math.floor((100 * received) / length);
    output.say(
      `… ${target}: ${(received / MIB).toFixed(1)} of ${(length / MIB).toFixed(1)} MiB (${percent} %)`,
    );
  };
}

function words({ from, info }: Downloaded): string {
  const what = `${info.file.length} bytes, signed by ${info.role}`;
  switch (from) {
    case 'place':
      return `is there already and verifies (${what})`;
    case 'cache':
      return `verified, from the cache (${what})`;
    case 'repository':
      return `downloaded and verified (${what})`;
    default:
      return unreachable(from);
  }
}

const json = ({ file, from, info }: Downloaded): object => ({
  path: info.path,
  file,
  from,
  role: info.role,
  length: info.file.length,
  hashes: info.file.hashes,
});
