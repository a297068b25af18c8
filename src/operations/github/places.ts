import type { EnvironmentFact } from '../../forge/settings.ts';
import { fail, judged, list, ok, type SettingCheck, type Verdict } from './check.ts';

const ENVIRONMENTS_PAGE = 'settings/environments';

/** Where the online key lies. */
export const ONLINE_ENVIRONMENT = 'online-signing';
const PAGES_ENVIRONMENT = 'github-pages';

/** Where the site and the secrets are: Pages and environments. */
export const placeChecks: readonly SettingCheck[] = [
  {
    id: 'pages',
    wanted: 'Pages are built by GitHub Actions.',
    why: 'Pages out of a branch would show what lies in it, unverified.',
    page: 'settings/pages',
    reads: 'api',
    settable: true,
    judge: judged('pages', (pages, look) => {
      const publish = look.workflows.find(({ path }) => path.endsWith('/publish.yml'));
      const isElsewhere = publish !== undefined && !publish.text.includes('actions/deploy-pages@');
      if (pages === 'branch')
        return fail(
          'Pages show a branch as it is, unverified',
          'under Build and deployment, choose GitHub Actions as the source',
          { kind: 'pages' },
        );
      if (pages === 'workflow') return ok('Pages are built by GitHub Actions');
      if (isElsewhere) return ok('publish.yml puts the site elsewhere than on Pages');
      return fail('Pages are off: the site can not be published', 'choose GitHub Actions as the source', {
        kind: 'pages',
      });
    }),
  },
  environmentCheck('environment-online', ONLINE_ENVIRONMENT, 'A branch sign/… would get the online key.'),
  environmentCheck(
    'environment-pages',
    PAGES_ENVIRONMENT,
    'A branch sign/… could publish a site, or be told another root to trust.',
  ),
  {
    id: 'environment-publish',
    wanted: 'The environment `publish`, if there is one, takes deployments from main alone.',
    why: 'A branch sign/… could write to the bucket.',
    page: ENVIRONMENTS_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('environments', (environments, { main }) => {
      const found = named(environments, 'publish');
      return found === undefined ? ok('there is no environment publish') : judgeEnvironment(found, main);
    }),
  },
];

function environmentCheck(id: string, name: string, why: string): SettingCheck {
  return {
    id,
    wanted: `The environment \`${name}\` takes deployments from main alone.`,
    why,
    page: ENVIRONMENTS_PAGE,
    reads: 'api',
    settable: true,
    judge: judged('environments', (environments, { main }) => {
      const found = named(environments, name);
      if (found !== undefined) return judgeEnvironment(found, main);
      return fail(`there is no environment ${name}`, `make it, restricted to the branch ${main}`, {
        kind: 'environment',
        name,
        branch: main,
      });
    }),
  };
}

/** Their names are the same in any case of letters. */
const named = (environments: readonly EnvironmentFact[], name: string): EnvironmentFact | undefined =>
  environments.find(one => one.name.toLowerCase() === name);

function judgeEnvironment({ name, branches }: EnvironmentFact, main: string): Verdict {
  if (typeof branches !== 'string' && branches.length === 1 && branches[0] === main)
    return ok(`the environment ${name} is for ${main} alone`);
  return fail(
    `the environment ${name} is open to ${whom(branches)}`,
    `under Deployment branches and tags, choose selected ones, and name ${main} alone`,
    { kind: 'environment', name, branch: main },
  );
}

function whom(branches: EnvironmentFact['branches']): string {
  if (branches === 'all') return 'every branch';
  if (branches === 'protected') return 'every branch that any rule protects, sign/… among them';
  return branches.length === 0 ? 'no branch at all' : list(branches);
}
