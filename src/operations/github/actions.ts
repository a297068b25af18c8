import type { ActionsFact, SubjectFact } from '../../forge/settings.ts';
import { fail, judged, type Look, list, ok, type SettingCheck, type Verdict, warn } from './check.ts';

const ACTIONS_PAGE = 'settings/actions';

/** What Actions and their tokens may do. */
export const actionsChecks: readonly SettingCheck[] = [
  {
    id: 'actions',
    wanted: 'GitHub Actions are on, and only chosen actions may run, those of tuf-signer among them.',
    why: 'A workflow that somebody adds could run anything beside the online key; or nothing runs.',
    page: ACTIONS_PAGE,
    reads: 'api',
    settable: false,
    judge: judged('actions', judgeActions),
  },
  {
    id: 'actions-pinned',
    wanted: 'Actions have to be pinned to a full-length commit SHA.',
    why: 'A tag of an action can be moved to other code.',
    page: ACTIONS_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('actions', ({ pinsRequired }) => {
      if (pinsRequired === undefined) return ok('this GitHub has no setting that asks for pinned actions');
      return pinsRequired
        ? ok('actions have to be pinned')
        : warn(
            'actions need not be pinned',
            'tick "Require actions to be pinned to a full-length commit SHA"',
            { kind: 'require-pins' },
          );
    }),
  },
  {
    id: 'token-permissions',
    wanted: "A job's token may only read where its workflow does not say otherwise.",
    why: 'A workflow without permissions could write to every branch that no rule guards.',
    page: ACTIONS_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('jobToken', ({ mayWriteByDefault }) =>
      mayWriteByDefault
        ? fail(
            "a job's token may write wherever its workflow does not say otherwise",
            'under Workflow permissions, choose "Read repository contents and packages permissions"',
            { kind: 'read-by-default' },
          )
        : ok("a job's token may only read by default"),
    ),
  },
  {
    id: 'pull-requests',
    wanted: 'GitHub Actions may create pull requests.',
    why: 'Signing events get no pull request.',
    page: ACTIONS_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('jobToken', ({ mayOpenPullRequests }) =>
      mayOpenPullRequests
        ? ok('GitHub Actions may create pull requests')
        : fail(
            'GitHub Actions may not create pull requests: events get none',
            'tick "Allow GitHub Actions to create and approve pull requests"',
            { kind: 'open-pull-requests' },
          ),
    ),
  },
  {
    id: 'oidc-subject',
    wanted: 'The subject of OIDC tokens names the repository, and the environment or branch.',
    why: 'A cloud that trusts such a subject would trust every branch, or other repositories.',
    page: 'settings/actions/oidc',
    reads: 'api',
    settable: true,
    judge: judged('subject', judgeSubject),
  },
];

function judgeActions({ enabled, allowed }: ActionsFact, { actions }: Look): Verdict {
  if (!enabled) return fail('GitHub Actions are off', 'allow them');
  if (allowed === undefined)
    return warn(
      'every action of everybody may run',
      `choose selected actions: those by GitHub, and ${actions?.repository ?? 'OWNER/tuf-signer'}@* with /actions/…`,
    );
  const isOurs =
    actions === undefined || allowed.patterns.some(pattern => allows(pattern, actions.repository));
  const lacks = [
    ...(allowed.forgeOwned ? [] : ["GitHub's own"]),
    ...(isOurs ? [] : [`${actions.repository}/*`]),
  ];
  if (lacks.length > 0)
    return fail(`these actions may not run, and the workflows use them: ${lacks.join(', ')}`, 'allow them');
  return ok(
    `only chosen actions may run${actions === undefined ? '; see that ours are among them' : ', ours among them'}`,
  );
}

/** `*` stands for any text. Source: docs.github.com, "Allowing select actions and reusable workflows to run". */
function allows(pattern: string, repository: string): boolean {
  const [start = ''] = pattern.split('*', 1);
  const wanted = `${repository}/actions/signing-event@`.toLowerCase();
  return start.length < pattern.length
    ? wanted.startsWith(start.toLowerCase())
    : pattern.toLowerCase().startsWith(`${repository.toLowerCase()}/`);
}

/** Claims each of which tells branches apart. */
const PLACES: ReadonlySet<string> = new Set([
  'context',
  'environment',
  'ref',
  'job_workflow_ref',
  'workflow_ref',
]);
/** Claims each of which names the repository. */
const REPOSITORIES: ReadonlySet<string> = new Set(['repo', 'repository', 'repository_id', 'workflow_ref']);

function judgeSubject(subject: SubjectFact): Verdict {
  if (subject === 'default') return ok('the subject of OIDC tokens is the default one');
  const namesPlace = subject.some(claim => PLACES.has(claim));
  const namesRepository = subject.some(claim => REPOSITORIES.has(claim));
  const made = subject.length === 0 ? 'nothing' : list(subject);
  if (namesPlace && namesRepository) return ok(`the subject of OIDC tokens is made of ${made}`);
  const who = namesRepository ? 'for all branches' : 'for several repositories';
  return fail(
    `the subject of OIDC tokens is the same ${who}: it is made of ${made}`,
    'go back to the default subject, or add the claims repo and context; then mend what clouds trust',
    { kind: 'default-subject' },
  );
}
