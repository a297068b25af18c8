import { fail, judged, type Look, list, ok, type SettingCheck, type Verdict, warn } from './check.ts';
import { isOlder } from './template.ts';
import type { ParsedWorkflow, WorkflowFile } from './workflow-file.ts';

const WORKFLOWS_PAGE = 'tree/HEAD/.github/workflows';

/** The workflows on main: ours, and those beside them. */
export const workflowChecks: readonly SettingCheck[] = [
  {
    id: 'workflows',
    wanted: 'Our workflows are on main, and name it as it is called.',
    why: 'Nothing judges events, signs online or publishes.',
    page: WORKFLOWS_PAGE,
    reads: 'git',
    settable: false,
    judge: judgePresence,
  },
  {
    id: 'workflows-version',
    wanted: 'No workflow uses an older version of tuf-signer than this one.',
    why: 'Faults that were mended would go on there.',
    page: WORKFLOWS_PAGE,
    reads: 'git',
    settable: false,
    judge: ({ workflows, version }) => {
      const old = workflows.flatMap(({ path, text }) =>
        versionsIn(text)
          .filter(one => isOlder(one, version))
          .map(one => `${path} (${one})`),
      );
      return old.length === 0
        ? ok('no workflow uses an older version of tuf-signer')
        : warn(
            `older than this version: ${list([...new Set(old)])}`,
            'run tuf-signer github, and commit what it writes',
          );
    },
  },
  parsedCheck(
    'workflows-pinned',
    'Every action that a workflow uses is pinned to a full commit SHA, every image to a digest.',
    'Who owns the action could change what runs beside the online key.',
    ({ uses }) => uses.filter(one => !isPinned(one)),
    used => fail(`not pinned to a commit: ${used}`, 'replace the tag or branch by the full commit SHA'),
  ),
  parsedCheck(
    'workflows-triggers',
    'No workflow runs on `pull_request_target`.',
    "It runs with main's rights and secrets on what anybody wrote.",
    ({ triggers }) => triggers.filter(one => one === 'pull_request_target'),
    used => fail(`runs with main's rights for anybody's pull request: ${used}`, 'use pull_request instead'),
  ),
  parsedCheck(
    'workflows-permissions',
    'Every workflow says which permissions it needs.',
    'Its jobs get what the settings give by default.',
    ({ hasPermissions }) => (hasPermissions ? [] : ['no permissions']),
    used =>
      warn(
        `says not what it may do: ${used}`,
        'write permissions: {} at its top, and what is needed into its jobs',
      ),
  ),
  {
    id: 'schedules',
    wanted: 'No workflow of ours is switched off.',
    why: 'GitHub stops schedules after 60 days without a change: timestamps would run out.',
    page: 'actions',
    reads: 'api',
    settable: true,
    judge: judged('workflows', (workflows, { template }) => {
      const ours = new Set(template.map(({ path }) => path));
      const off = workflows.filter(({ path, state }) => ours.has(path) && state !== 'active');
      return off.length === 0
        ? ok('no workflow of ours is switched off')
        : fail(
            `switched off: ${list(off.map(({ path, state }) => `${path} (${state})`))}`,
            'open it under Actions, and choose Enable workflow',
            ...off.map(({ path }) => ({ kind: 'enable-workflow', path }) as const),
          );
    }),
  },
];

/** A trigger for pushes or pull requests of main. */
const FOR_MAIN = /^ +branches: \[[^\]]*\bmain\b/m;

function judgePresence({ facts, main, template, workflows }: Look): Verdict {
  const there = new Set(workflows.map(({ path }) => path));
  const missing = template
    .map(({ path }) => path)
    .filter(path => path.startsWith('.github/workflows/') && !there.has(path));
  const branch = facts?.defaultBranch ?? main;
  const others = branch === 'main' ? [] : workflows.filter(({ text }) => FOR_MAIN.test(text));
  if (others.length > 0)
    return fail(
      `the default branch is ${branch}, but these wait for main: ${list(others.map(({ path }) => path))}`,
      'change the branch under on: there',
    );
  if (missing.length === 0) return ok('our workflows are on main');
  return warn(`not on main: ${list(missing)}`, 'commit them, and bring them onto main');
}

/** A row that looks at each workflow; one that can't be read is never fine. */
function parsedCheck(
  id: string,
  wanted: string,
  why: string,
  faults: (workflow: ParsedWorkflow) => readonly string[],
  verdict: (faults: string) => Verdict,
): SettingCheck {
  return {
    id,
    wanted,
    why,
    page: WORKFLOWS_PAGE,
    reads: 'git',
    settable: false,
    judge: ({ workflows }) => {
      const broken = workflows.filter(({ parsed }) => 'problem' in parsed);
      if (broken.length > 0)
        return fail(`can not be read: ${list(broken.map(problemOf))}`, 'mend or remove the file');
      const found = workflows.flatMap(({ path, parsed }) =>
        'problem' in parsed ? [] : faults(parsed).map(fault => `${path}: ${fault}`),
      );
      return found.length === 0 ? ok(wanted.slice(0, -1).replaceAll('`', '')) : verdict(list(found));
    },
  };
}

const problemOf = ({ path, parsed }: WorkflowFile): string =>
  'problem' in parsed ? `${path} (${parsed.problem})` : path;

/** A path of this repository is what main's own rules guard. */
const isPinned = (uses: string): boolean =>
  uses.startsWith('./') ||
  (uses.startsWith('docker://')
    ? /@sha256:[0-9a-f]{64}$/.test(uses)
    : /^[\w.-]+\/[\w./-]+@(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(uses));

/** Of our actions, as the comments behind their pins say. */
const versionsIn = (text: string): readonly string[] =>
  [
    ...text.matchAll(
      /\btuf-signer(?:\/[\w./-]+)?@[0-9a-f]{40,64}['"]?[ \t]+#[ \t]*v(\d{1,6}\.\d{1,6}\.\d{1,6})/g,
    ),
  ].map(match => match[1] ?? '');
