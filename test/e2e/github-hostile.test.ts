import { afterAll, beforeAll, expect, test } from 'vitest';
import { logOf } from '../support/forge/actions/results.ts';
import { logsOf, Town } from '../support/town.ts';

// Somebody who may push events writes their own workflow there. It runs, as GitHub lets it: with every permission that it asks for,
// and without the key, the environments, main, or a workflow of main's that would do more for it.

const CALL =
  'node -e \'const [path, body] = process.argv.slice(1); const { GITHUB_API_URL: api, GITHUB_REPOSITORY: repository, TOKEN } = process.env; fetch(`${api}/repos/${repository}${path}`, { method: "POST", body, headers: { authorization: `token ${TOKEN}` } }).then(async answer => console.log("answered", answer.status, await answer.text()))\'';

const HOSTILE = `
on: push
permissions: write-all
env:
  TOKEN: \${{ github.token }}
jobs:
  deploy:
    runs-on: ubuntu-latest
    environment: online-signing
    steps:
      - run: echo "deployed with <$KEY>"
        env: {KEY: '\${{ secrets.TUF_SIGNER_ONLINE_KEY }}'}
  pages:
    runs-on: ubuntu-latest
    environment: github-pages
    steps:
      - run: mkdir _site && echo evil > _site/timestamp.json
      - uses: actions/upload-pages-artifact@v4
      - uses: actions/deploy-pages@v4
  take:
    runs-on: ubuntu-latest
    steps:
      - run: echo "taken <\${{ secrets.TUF_SIGNER_ONLINE_KEY }}\${{ secrets.TUF_SIGNER_APP_KEY }}\${{ vars.TUF_SIGNER_TRUSTED_ROOT }}>"
  main:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
        with: {fetch-depth: 0}
      - run: git push origin HEAD:refs/heads/main
  start:
    runs-on: ubuntu-latest
    steps:
      - run: |
          ${CALL} /actions/workflows/online-sign.yml/dispatches '{"ref":"sign/evil"}'
      - run: |
          ${CALL} /actions/workflows/publish.yml/dispatches '{"ref":"sign/evil"}'
      - run: |
          ${CALL} /actions/workflows/online-sign-targets.yml/dispatches '{"ref":"main","inputs":{"event":"sign/evil"}}'
  lie:
    runs-on: ubuntu-latest
    steps:
      - run: |
          ${CALL} /statuses/$GITHUB_SHA '{"state":"success","context":"tuf-signer"}'
`;

let town: Town;
beforeAll(async () => {
  town = await Town.inService();
});
afterAll(() => town[Symbol.asyncDispose]());

test('a hostile event gets no key, no environment, no main and no site', async () => {
  const { git } = town.repository;
  const [main, site] = [git.sha('main'), town.repository.pages?.folder];
  const before = town.github.actions.runs.length;
  town.push('bob', { '.github/workflows/evil.yml': HOSTILE, 'targets/greet.sh': 'evil\n' }, 'sign/evil');
  await town.github.settled();
  const evil = town.last('evil');
  const log = (key: string): string =>
    evil.jobs
      .filter(job => job.key === key)
      .map(logOf)
      .join('');
  expect(new Map(evil.jobs.map(({ key, conclusion }) => [key, conclusion]))).toEqual(
    new Map([
      ['deploy', 'failure'],
      ['pages', 'failure'],
      ['take', 'success'],
      ['main', 'failure'],
      ['start', 'success'],
      ['lie', 'success'],
    ]),
  );
  // Not because it lacked permissions: it had all that there are.
  expect(evil.jobs.every(({ permissions }) => permissions.get('contents') === 'write')).toBe(true);
  expect(
    evil.jobs.filter(({ key }) => key === 'deploy' || key === 'pages').flatMap(job => job.steps),
  ).toEqual([]);
  expect(log('take')).toContain('taken <>');
  expect(log('main')).toContain('Changes must be made through a pull request.');
  // What it started of its own branch has no environment either; what it started of main did not do as it wished.
  const started = town.github.actions.runs
    .slice(before)
    .map(({ workflow, ref, conclusion }) => [workflow.split('/').at(-1), ref, conclusion]);
  expect(started).toEqual(
    expect.arrayContaining([
      ['online-sign.yml', 'refs/heads/sign/evil', 'failure'],
      ['publish.yml', 'refs/heads/sign/evil', 'failure'],
      ['online-sign-targets.yml', 'refs/heads/main', 'success'],
    ]),
  );
  expect(logsOf(town.last('online-sign-targets'))).toContain('Nothing was signed');
  const all = town.github.actions.runs.slice(before).map(logsOf).join('');
  expect(all).not.toContain('PRIVATE KEY');
  expect([git.sha('main'), town.repository.pages?.folder]).toEqual([main, site]);
});

test('what got into main past the rules is not signed, and not published', async () => {
  const site = town.repository.pages?.folder;
  town.push('alice', { 'targets/greet.sh': 'evil\n' }, 'main');
  await town.github.settled();
  const run = town.last('online-sign');
  expect(run.conclusion).toBe('failure');
  expect(logsOf(run)).toMatch(/^error: main is not fit to be signed: /m);
  expect(town.repository.git.git('log', '-1', '--format=%s', 'main')).toBe('change');
  expect(town.repository.pages?.folder).toBe(site);
});
