import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logOf } from '../../support/forge/actions/results.ts';
import type { Run } from '../../support/forge/actions/run.ts';
import { LocalGitHub } from '../../support/forge/local-github.ts';
import type { Repository } from '../../support/forge/model.ts';
import { testFolder } from '../../support/git-repo.ts';

// Actions that steps use: composite ones from a folder, those in JavaScript, and the stand-ins.

const log = (run: Run): string => run.jobs.map(logOf).join('');

async function pushed(github: LocalGitHub, repository: Repository, workflow: string): Promise<Run> {
  github.push(repository, repository.owner, { '.github/workflows/w.yml': workflow });
  await github.settled();
  expect(github.actions.problems).toEqual([]);
  return github.actions.last('w.yml');
}

/** One job `a`. */
const workflow = (steps: string, more = ''): string =>
  `on: push\npermissions: {}\njobs:\n  a:\n    runs-on: x\n${more.replaceAll(/^(?=.)/gm, '    ')}\n    steps:\n${steps.replaceAll(/^/gm, '      ')}\n`;

const OUTER = `
name: outer
inputs:
  Word: {required: true}
  other: {default: '\${{ github.actor }}'}
outputs:
  said: {value: '\${{ steps.inner.outputs.said }}'}
runs:
  using: composite
  steps:
    - id: inner
      uses: tuf/signer/actions/inner@0123456789012345678901234567890123456789
      with: {word: '\${{ inputs.word }}-\${{ inputs.other }}'}
    - run: echo "summed up" >> "$GITHUB_STEP_SUMMARY"; node "$GITHUB_ACTION_PATH/main.mjs"
      shell: bash
      env: {WORD: '\${{ inputs.word }}'}
`;
const INNER = `
name: inner
inputs: {word: {required: true}}
outputs: {said: {value: '\${{ steps.say.outputs.said }}'}}
runs:
  using: composite
  steps:
    - id: say
      run: echo "said=<$WORD>" >> "$GITHUB_OUTPUT"
      shell: bash
      env: {WORD: '\${{ inputs.word }}'}
`;
const SECRETIVE =
  'name: s\nruns:\n  using: composite\n  steps:\n    - run: echo "${{ secrets.PASSWORD }}"\n      shell: bash\n';
const SHELLLESS = 'name: s\nruns:\n  using: composite\n  steps:\n    - run: echo\n';
const SCRIPT =
  'name: n\ninputs: {a b: {default: x}}\nruns: {using: node24, main: main.mjs, post: post.mjs}\n';

async function sources(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map([
    ['actions/outer/action.yml', OUTER],
    ['actions/outer/main.mjs', "console.log('main', process.env.WORD)"],
    ['actions/inner/action.yml', INNER],
    ['actions/secretive/action.yml', SECRETIVE],
    ['actions/shellless/action.yml', SHELLLESS],
    ['actions/script/action.yml', SCRIPT],
    [
      'actions/script/main.mjs',
      "import fs from 'node:fs'; fs.appendFileSync(process.env.GITHUB_STATE, 'k=v\\n'); console.log('input', process.env.INPUT_A_B)",
    ],
    ['actions/script/post.mjs', "console.log('post', process.env.STATE_k)"],
  ]);
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return new Map([['tuf/signer', folder]]);
}

describe('an action of ours', () => {
  it.each<readonly [string, string, 'success' | 'failure', string]>([
    [
      'is nested and hands on inputs and outputs',
      '- id: o\n  uses: tuf/signer/actions/outer@v1\n  with: {word: "hello"}\n- run: echo "${{ steps.o.outputs.said }}"',
      'success',
      '<hello-town>',
    ],
    [
      'runs its own files',
      '- uses: tuf/signer/actions/outer@v1\n  with: {word: "$(touch x)"}',
      'success',
      'main $(touch x)',
    ],
    [
      'sees no secret that is not handed to it',
      '- uses: tuf/signer/actions/secretive@v1',
      'failure',
      'secrets',
    ],
    ['names its shells', '- uses: tuf/signer/actions/shellless@v1', 'failure', 'shell'],
    [
      'may be a script that runs again at the end',
      '- uses: tuf/signer/actions/script@v1\n- run: echo between',
      'success',
      'between\n== Post tuf/signer/actions/script@v1: success\npost v',
    ],
    ['gets its inputs as variables', '- uses: tuf/signer/actions/script@v1', 'success', 'input x'],
    [
      'is warned of inputs that it does not have',
      '- uses: tuf/signer/actions/inner@v1\n  with: {word: a, wrod: b}',
      'success',
      "Unexpected input(s) 'wrod'",
    ],
    [
      'is not there before a checkout',
      '- uses: ./actions/inner',
      'failure',
      'forget to run actions/checkout',
    ],
    ['does not come from outside of the workspace', '- uses: ./../../x', 'failure', 'leaves the workspace'],
  ])('%s', async (_, steps, conclusion, seen) => {
    await using folder = await testFolder();
    await using github = await LocalGitHub.start({ actionSources: await sources(folder.path) });
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    repository.secrets.set('PASSWORD', 'hunter2-hunter2');
    const run = await pushed(github, repository, workflow(steps));
    expect(run.conclusion, log(run)).toBe(conclusion);
    expect(log(run)).toContain(seen);
  });

  it('is found in the workspace, and its summary in the step that used it', async () => {
    await using folder = await testFolder();
    await using github = await LocalGitHub.start({ actionSources: await sources(folder.path) });
    const repository = github.addRepository('town/metadata', {
      files: { 'act/action.yml': OUTER, 'act/main.mjs': '' },
    });
    const run = await pushed(
      github,
      repository,
      workflow('- uses: actions/checkout@v5\n- uses: ./act\n  with: {word: a}'),
    );
    expect(run.conclusion, log(run)).toBe('success');
    expect(run.jobs[0]?.steps[1]?.summary).toBe('summed up\n');
  });
});

describe('actions/checkout', () => {
  const PUSH =
    '- run: |\n    git config user.name x; git config user.email x@example.org\n    git commit -q --allow-empty -m x\n    git push -q origin HEAD:sign/x';

  it.each<readonly [string, string, string, 'success' | 'failure']>([
    [
      'pushes with what it leaves',
      'permissions: {contents: write}',
      '- uses: actions/checkout@v5',
      'success',
    ],
    [
      'leaves no credentials where told not to',
      'permissions: {contents: write}',
      '- uses: actions/checkout@v5\n  with: {persist-credentials: false}',
      'failure',
    ],
    [
      'leaves a token that may not push',
      'permissions: {contents: read}',
      '- uses: actions/checkout@v5',
      'failure',
    ],
  ])('%s', async (_, more, steps, conclusion) => {
    await using github = await LocalGitHub.start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    const run = await pushed(github, repository, workflow(`${steps}\n${PUSH}`, more));
    expect(run.conclusion, log(run)).toBe(conclusion);
    expect(github.actions.runs, "a job's push starts nothing").toHaveLength(1);
    expect(log(run)).not.toMatch(/ghs_/);
  });

  it.each([
    ['one commit', '', '1 main'],
    ['all of them', 'with: {fetch-depth: 0}', '3 main'],
    ['another branch', 'with: {ref: other, fetch-depth: 0}', '2 other'],
    ['another folder', 'with: {path: sub}', '1 main'],
  ])('gets %s', async (_, inputs, expected) => {
    await using github = await LocalGitHub.start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    github.push(repository, repository.owner, { 'b.txt': 'b' }, { branch: 'other' });
    github.push(repository, repository.owner, { 'c.txt': 'c' });
    const folder = inputs.includes('path') ? 'sub' : '.';
    const steps = `- uses: actions/checkout@v5\n  ${inputs}\n- run: echo "$(git rev-list --count HEAD) $(git branch --show-current)"\n  working-directory: ${folder}`;
    const run = await pushed(github, repository, workflow(steps));
    expect(run.jobs[0]?.steps[1]?.log, log(run)).toBe(`${expected}\n`);
  });
});

describe('artifacts and pages', () => {
  const build =
    '  build:\n    runs-on: x\n    steps:\n      - run: mkdir -p _site/metadata && echo site > _site/metadata/1.root.json && echo no > _site/.hidden\n      - uses: actions/upload-pages-artifact@v4\n';
  const deploy = (permissions: string, environment: string): string =>
    `on: push\njobs:\n${build}  deploy:\n    needs: build\n    runs-on: x\n    permissions: {${permissions}}\n${environment}    steps:\n      - id: d\n        uses: actions/deploy-pages@v4\n      - run: curl -sf "\${{ steps.d.outputs.page_url }}metadata/1.root.json"\n`;
  const ENVIRONMENT = '    environment: github-pages\n';
  const BOTH = 'pages: write, id-token: write';

  it.each<readonly [string, string, string, 'workflow' | 'legacy' | undefined, string]>([
    ['with all that it needs', BOTH, ENVIRONMENT, 'workflow', 'site'],
    ['without pages: write', 'id-token: write', ENVIRONMENT, 'workflow', '"pages: write"'],
    ['without id-token: write', 'pages: write', ENVIRONMENT, 'workflow', '"id-token: write"'],
    ['without the environment', BOTH, '', 'workflow', 'Missing environment'],
    ['without Pages', BOTH, ENVIRONMENT, undefined, 'Pages enabled'],
    ['with Pages built from a branch', BOTH, ENVIRONMENT, 'legacy', 'source "GitHub Actions"'],
  ])('deploys %s', async (_, permissions, environment, buildType, seen) => {
    await using github = await LocalGitHub.start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    if (buildType !== undefined) repository.pages = { buildType };
    const run = await pushed(github, repository, deploy(permissions, environment));
    expect(log(run)).toContain(seen);
    expect(run.conclusion).toBe(seen === 'site' ? 'success' : 'failure');
    const page = await fetch(`${github.url}/pages/town/metadata/metadata/1.root.json`);
    expect(page.status).toBe(seen === 'site' ? 200 : 404);
    expect((await fetch(`${github.url}/pages/town/metadata/.hidden`)).status).toBe(404);
  });

  it('go from job to job', async () => {
    await using github = await LocalGitHub.start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    const jobs =
      'on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: mkdir out && echo x > out/x.txt\n      - uses: actions/upload-artifact@v4\n        with: {name: built, path: out}\n  b:\n    needs: a\n    runs-on: x\n    steps:\n      - uses: actions/download-artifact@v4\n        with: {name: built, path: in}\n      - run: cat in/x.txt\n';
    const run = await pushed(github, repository, jobs);
    expect(run.jobs[1]?.steps[1]?.log, log(run)).toBe('x\n');
  });
});

describe('the end of a run', () => {
  it('starts what waits for it', async () => {
    await using github = await LocalGitHub.start();
    const after =
      'name: after\non: {workflow_run: {workflows: [first], types: [completed]}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo "${{ github.event.workflow_run.conclusion }}"\n';
    const repository = github.addRepository('town/metadata', {
      files: { '.github/workflows/after.yml': after },
    });
    await pushed(github, repository, `name: first\n${workflow('- run: exit 1')}`);
    expect(log(github.actions.last('after.yml'))).toContain('failure');
  });
});

describe('time', () => {
  it('is not wasted: a server in 0.3 s, a trivial run in 0.5 s', async () => {
    const begun = performance.now();
    await using github = await LocalGitHub.start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    const up = performance.now();
    await pushed(github, repository, workflow('- run: "true"'));
    // Ten times what it takes on a quiet machine: this finds a change of kind, not of degree.
    expect(up - begun).toBeLessThan(3000);
    expect(performance.now() - up).toBeLessThan(5000);
  });
});
