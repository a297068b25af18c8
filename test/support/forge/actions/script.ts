import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { interpolate } from './expressions.ts';
import { WorkflowError } from './fields.ts';
import { runProcess } from './process.ts';
import type { StepRun } from './steps.ts';

/** Source: workflow syntax, `jobs.<job_id>.steps[*].shell`. Without a word, bash lets a pipe's first part fail. */
const SHELLS: ReadonlyMap<string, readonly string[]> = new Map([
  ['', ['bash', '-e', '{0}']],
  ['bash', ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '{0}']],
  ['sh', ['sh', '-e', '{0}']],
  ['python', ['python3', '{0}']],
  ['node', ['node', '{0}']],
]);

/** Runs a `run:` step as the runner does: the text in a file, a program by name and arguments. True: it ended well. */
export async function runScript(step: StepRun, run: string): Promise<boolean> {
  const { job, spec, frame, scope } = step;
  const shell = spec.shell ?? frame.defaults.shell;
  if (shell === undefined && frame.action !== undefined)
    throw new WorkflowError('Required property is missing: shell');
  const words = SHELLS.get(shell ?? '') ?? shell?.split(' ') ?? [];
  if (!words.includes('{0}')) throw new WorkflowError(`shell "${shell}" is not supported here`);
  const script = join(job.nextFolder(), 'script.sh');
  writeFileSync(script, `${interpolate(run, scope)}\n`);
  const [command = '', ...args] = words.map(word => (word === '{0}' ? script : word));
  const directory = interpolate(spec.workingDirectory ?? frame.defaults.workingDirectory ?? '', scope);
  const folder = resolve(job.folders.workspace, directory);
  if (!existsSync(folder)) throw new WorkflowError(`No such file or directory: ${directory}`);
  const code = await runProcess({
    command,
    args,
    folder,
    environment: step.environment,
    signal: step.signal,
    onLine: line => job.log.line(line),
  });
  if (code === 0) return true;
  job.log.error(
    step.signal.aborted ? 'The operation was canceled.' : `Process completed with exit code ${code}.`,
  );
  return false;
}
