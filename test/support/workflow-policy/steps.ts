import { type Fields, fieldsOf, jobsOf, listOf, type PolicyFile } from './file.ts';

/** What a step hands to an interpreter. A value in it, as a branch's name, would be run: values go through `env`. */
const SCRIPTS = ['run', 'shell', 'working-directory'];
const RUNNERS = new Set<unknown>(['ubuntu-latest', 'macos-latest', 'windows-latest']);
const MAX_MINUTES = 60;

export function* checkScripts(file: PolicyFile): Iterable<string> {
  for (const step of jobsOf(file).flatMap(({ steps }) => steps)) {
    const scripts = [...SCRIPTS.map(key => step.get(key)), fieldsOf(step.get('with')).get('script')];
    for (const script of scripts)
      if (typeof script === 'string' && script.includes('${{'))
        yield `a value is written into a script: ${script.trim()}`;
  }
}

export function* checkCredentials(file: PolicyFile): Iterable<string> {
  for (const { name, steps } of jobsOf(file)) {
    for (const [index, step] of steps.entries()) {
      if (!isCheckout(step) || steps.slice(index).some(pushes)) continue;
      if (String(fieldsOf(step.get('with')).get('persist-credentials')) !== 'false')
        yield `${name}: the token stays in the checkout`;
    }
  }
}

const isCheckout = (step: Fields): boolean => String(step.get('uses')).startsWith('actions/checkout@');
const pushes = (step: Fields): boolean => /\bgit push\b/.test(String(step.get('run')));

export function* checkJobs(file: PolicyFile): Iterable<string> {
  if (file.kind === 'action') return;
  for (const { name, fields } of jobsOf(file)) {
    const minutes = fields.get('timeout-minutes');
    if (typeof minutes !== 'number' || minutes < 1 || minutes > MAX_MINUTES)
      yield `${name}: no limit of at most ${MAX_MINUTES} minutes`;
    const label = fields.get('runs-on');
    const labels =
      label === '${{ matrix.os }}'
        ? listOf(fieldsOf(fieldsOf(fields.get('strategy')).get('matrix')).get('os'))
        : [label];
    if (labels.length === 0 || !labels.every(runner => RUNNERS.has(runner)))
      yield `${name}: runs elsewhere than on a fresh machine of GitHub`;
  }
}

/** A failed check never skips. */
export function* checkFailures(file: PolicyFile): Iterable<string> {
  for (const { name, fields, steps } of jobsOf(file))
    for (const part of [fields, ...steps])
      if (part.has('continue-on-error')) yield `${name}: goes on after an error`;
}

/** In plain words, before anything else: who copies a file has to know what it is given. */
export function* checkOpening(file: PolicyFile): Iterable<string> {
  if (file.kind === 'action') return;
  const opening = /^(?:#.*\n)+/.exec(file.text)?.[0] ?? '';
  if (!/^# [A-Z]/.test(opening)) yield 'does not begin by saying what it does';
  for (const word of ['When', 'Needs', 'Never'])
    if (!opening.includes(`\n# ${word}: `)) yield `does not begin by saying "${word}:"`;
}

export function* checkPlain({ hasAliases }: PolicyFile): Iterable<string> {
  if (hasAliases) yield 'says one part by another (&, * or <<)';
}
