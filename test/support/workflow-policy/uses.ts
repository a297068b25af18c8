import {
  type ActionContract,
  expressionsOf,
  type Fields,
  fieldsOf,
  type Job,
  jobsOf,
  listOf,
  type PolicyFile,
} from './file.ts';
import { triggersOf } from './rights.ts';

/** By folder: `actions/judge`; the root's is empty. */
export type Contracts = ReadonlyMap<string, ActionContract>;

/** What the templates say in place of this repository and its release; whoever copies them fills it in. */
export const OURS = 'OWNER/tuf-signer';
export const OUR_VERSION: string = `${'0'.repeat(40)} # v0.0.0`;

const PINNED = /^[A-Za-z0-9-]+(?:\/[\w.-]+)+@[0-9a-f]{40}$/;
const LINE = /^\s*(?:- )?uses: (\S+)( # v\d+\.\d+\.\d+)$/gm;

/** Each `uses` of a file, with the version that its comment says. */
export const pinsOf = ({ text }: PolicyFile): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(LINE)].map(([, uses = '', version = '']) => [uses, version]));

export function* checkPins(file: PolicyFile): Iterable<string> {
  const commented = pinsOf(file);
  for (const { name, fields, steps } of jobsOf(file)) {
    if (fields.has('uses')) yield `${name}: another workflow as a job`;
    for (const uses of steps.flatMap(step => listOf(step.get('uses'))).map(String)) {
      if (!PINNED.test(uses)) yield `${uses}: not pinned by a full commit`;
      else if (!commented.has(uses)) yield `${uses}: no comment says its version`;
      if (uses.startsWith(`${OURS}/`) || uses.startsWith(`${OURS}@`)) {
        if (!`${uses}${commented.get(uses) ?? ''}`.endsWith(`@${OUR_VERSION}`))
          yield `${uses}: not the placeholder that is filled in on copying`;
      } else if (/@0+$/.test(uses)) yield `${uses}: no commit has this name`;
    }
  }
}

/** The action that a step uses where it is ours; `undefined` elsewhere. */
function ours(step: Fields, contracts: Contracts): ActionContract | 'unknown' | undefined {
  const found = /^OWNER\/tuf-signer(?:\/([^@]+))?@/.exec(String(step.get('uses')));
  return found === null ? undefined : (contracts.get(found[1] ?? '') ?? 'unknown');
}

export function* checkInputs(file: PolicyFile, contracts: Contracts): Iterable<string> {
  for (const step of jobsOf(file).flatMap(({ steps }) => steps)) {
    const contract = ours(step, contracts);
    if (contract === undefined) continue;
    const uses = String(step.get('uses'));
    if (contract === 'unknown') {
      yield `${uses}: there is no such action`;
      continue;
    }
    const given = fieldsOf(step.get('with'));
    for (const name of given.keys()) if (!contract.inputs.has(name)) yield `${uses}: has no input ${name}`;
    for (const [name, required] of contract.inputs)
      if (required && !given.has(name)) yield `${uses}: needs input ${name}`;
  }
}

/** Each name that an expression asks for is there: GitHub would put an empty text in its place without a word. */
export function* checkReferences(file: PolicyFile, contracts: Contracts): Iterable<string> {
  const jobs = jobsOf(file);
  const inputs =
    file.kind === 'action'
      ? file.fields.get('inputs')
      : fieldsOf(triggersOf(file).get('workflow_dispatch')).get('inputs');
  for (const name of named(file.fields, /\binputs\.([\w-]+)/g))
    if (!fieldsOf(inputs).has(name)) yield `no input is called ${name}`;
  for (const job of jobs) {
    const scope = file.kind === 'action' ? file.fields : job.fields;
    yield* missingSteps(job, scope, contracts);
    const needs = listOf(job.fields.get('needs')).map(String);
    for (const need of [...needs, ...named(job.fields, /\bneeds\.([\w-]+)/g)])
      if (!needs.includes(need) || !jobs.some(({ name }) => name === need))
        yield `${job.name}: waits for no job called ${need}`;
    for (const [need, output] of pairs(job.fields, /\bneeds\.([\w-]+)\.outputs\.([\w-]+)/g)) {
      const outputs = jobs.find(({ name }) => name === need)?.fields.get('outputs');
      if (!fieldsOf(outputs).has(output)) yield `${job.name}: job ${need} has no output ${output}`;
    }
  }
}

function* missingSteps({ name, steps }: Job, scope: Fields, contracts: Contracts): Iterable<string> {
  const byId = new Map(steps.map(step => [step.get('id'), step]));
  for (const id of named(scope, /\bsteps\.([\w-]+)/g))
    if (!byId.has(id)) yield `${name}: no step is called ${id}`;
  for (const [id, output] of pairs(scope, /\bsteps\.([\w-]+)\.outputs\.([\w-]+)/g)) {
    const contract = ours(byId.get(id) ?? new Map(), contracts);
    if (typeof contract === 'object' && !contract.outputs.has(output))
      yield `${name}: step ${id} has no output ${output}`;
  }
}

const pairs = (value: unknown, pattern: RegExp): readonly (readonly [string, string])[] =>
  [...expressionsOf(value)].flatMap(text =>
    [...text.matchAll(pattern)].map(([, first = '', second = '']) => [first, second] as const),
  );
const named = (value: unknown, pattern: RegExp): readonly string[] =>
  pairs(value, pattern).map(([first]) => first);
