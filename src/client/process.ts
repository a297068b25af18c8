import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { systemErrorCode } from './error.ts';

/** What one process can say of itself, so that another one can tell whether it still lives. */
export interface ProcessMark {
  readonly pid: number;
  /** When it began, in the system's own count: a number is given to another process in time. Empty where that is not known. */
  readonly started: string;
  /** Machine, boot and process namespace: only there does `pid` mean anything. */
  readonly place: string;
}

export const ownMark = async (): Promise<ProcessMark> => ({
  pid: process.pid,
  started: await startOfProcess('self'),
  place: await placeOfProcess(),
});

/** `undefined`: a process elsewhere, which can't be asked. */
export async function isGone(mark: ProcessMark, place: string): Promise<boolean | undefined> {
  if (mark.place !== place || !Number.isSafeInteger(mark.pid) || mark.pid <= 0) return undefined;
  try {
    process.kill(mark.pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'ESRCH';
  }
  const started = await startOfProcess(mark.pid);
  return started !== '' && mark.started !== '' && started !== mark.started;
}

let known: string | undefined;

/** Machine, boot and process namespace: only there does a process number mean anything. */
async function placeOfProcess(): Promise<string> {
  known ??= [
    hostname(),
    await orNothing(readFile('/proc/sys/kernel/random/boot_id', 'utf8')),
    await orNothing(readlink('/proc/self/ns/pid')),
  ]
    .map(part => part.trim())
    .join(' ');
  return known;
}

/**
 * When a process began, in the system's own count: field 22 of `/proc/PID/stat`, counted after the name, which may hold anything.
 * Empty where there is no such file.
 */
async function startOfProcess(pid: number | 'self'): Promise<string> {
  const stats = await orNothing(readFile(`/proc/${pid}/stat`, 'utf8'));
  return stats.slice(stats.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

async function orNothing(text: Promise<string>): Promise<string> {
  try {
    return await text;
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return '';
  }
}
