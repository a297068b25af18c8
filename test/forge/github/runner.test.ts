import { describe, expect, it } from 'vitest';
import { logOf } from '../../support/forge/actions/results.ts';
import type { Run } from '../../support/forge/actions/run.ts';
import { LocalGitHub, type LocalGitHubOptions } from '../../support/forge/local-github.ts';
import type { TestFiles } from '../../support/git-repo.ts';

// The runner: what GitHub promises of expressions, files, tokens and actions, seen in the results of real runs.

/** Pushes a workflow to a new repository and gives its run. `jobs` is YAML below `jobs:`. */
async function run(
  github: LocalGitHub,
  jobs: string,
  more: { readonly head?: string; readonly files?: TestFiles; readonly branch?: string } = {},
): Promise<Run> {
  const repository = github.addRepository(`town/r${github.database.nextId()}`, {
    files: { 'README.md': 'x' },
  });
  const workflow = `on: push\n${more.head ?? 'permissions: {}'}\njobs:\n${jobs.replaceAll(/^/gm, '  ')}`;
  repository.secrets.set('PASSWORD', 'hunter2-hunter2');
  repository.variables.set('PLACE', 'town');
  github.push(
    repository,
    repository.owner,
    { '.github/workflows/w.yml': workflow, ...more.files },
    more.branch === undefined ? {} : { branch: more.branch },
  );
  await github.settled();
  expect(github.actions.problems).toEqual([]);
  return github.actions.last('w.yml');
}

const steps = (...lines: readonly string[]): string =>
  `a:\n  runs-on: x\n  steps:\n${lines.join('\n').replaceAll(/^/gm, '    ')}`;
const log = (result: Run): string => result.jobs.map(logOf).join('');
const start = (options?: LocalGitHubOptions): Promise<LocalGitHub> => LocalGitHub.start(options);

describe('a run', () => {
  it.each([
    ['an expression', "echo \"${{ 1 == 1 && 'yes' || 'no' }}\"", 'yes'],
    ['braces within quotes', 'echo "${{ format(\'a}}{0}\', 1) }}"', 'a}1'],
    ['the event', 'echo "${{ github.event.ref }} $GITHUB_REF_NAME"', 'refs/heads/main main'],
    ['a variable', 'echo "${{ vars.PLACE }}"', 'town'],
    ['a masked secret', 'echo "x ${{ secrets.PASSWORD }} y"', 'x *** y'],
    ['the event file', 'node -p "require(process.env.GITHUB_EVENT_PATH).ref"', 'refs/heads/main'],
    ['nothing of our environment', 'echo "[$VITEST]"', '[]'],
  ])('shows %s', async (_, script, expected) => {
    await using github = await start();
    const result = await run(github, steps(`- run: ${JSON.stringify(script)}`));
    expect(log(result)).toContain(expected);
    expect(result.conclusion).toBe('success');
  });
});

describe('a step', () => {
  it.each([
    [
      'continues after failure where it may',
      '- run: exit 3\n  continue-on-error: true\n- run: echo after',
      'success',
      'after',
    ],
    ['is skipped after failure', '- run: exit 3\n- run: echo after', 'failure', ''],
    [
      'runs after failure where it asks',
      '- run: exit 3\n- if: failure()\n  run: echo after',
      'failure',
      'after',
    ],
    ['runs always', '- run: exit 3\n- if: ${{ always() }}\n  run: echo after', 'failure', 'after'],
    [
      'asks for more than a condition',
      "- run: exit 3\n- if: github.ref_name == 'main'\n  run: echo after",
      'failure',
      '',
    ],
    [
      'has pipefail where it names bash',
      '- shell: bash\n  run: "false | true"\n- run: echo after',
      'failure',
      '',
    ],
    ['has none where it names no shell', '- run: "false | true"\n- run: echo after', 'success', 'after'],
    [
      'hands on outputs',
      '- id: one\n  run: echo "x=after" >> "$GITHUB_OUTPUT"\n- run: echo ${{ steps.one.outputs.x }}',
      'success',
      'after',
    ],
    [
      'hands on several lines',
      '- run: printf \'X<<E\\naf\\nter\\nE\\n\' >> "$GITHUB_ENV"\n- run: echo $(echo "$X" | tr -d "\\n")',
      'success',
      'after',
    ],
    [
      'may not set NODE_OPTIONS',
      '- run: echo "NODE_OPTIONS=--require=./evil.js" >> "$GITHUB_ENV"\n- run: echo after',
      'failure',
      '',
    ],
    [
      'extends the path',
      '- run: mkdir bin && printf "#!/bin/sh\\necho after" > bin/tool && chmod +x bin/tool && echo "$PWD/bin" >> "$GITHUB_PATH"\n- run: tool',
      'success',
      'after',
    ],
    ['times out', '- run: sleep 20\n  timeout-minutes: 0.003\n- run: echo after', 'failure', ''],
    ['names no action that is unknown', '- uses: somebody/thing@v1\n- run: echo after', 'failure', ''],
    [
      'does not know a context that is not there',
      '- run: echo ${{ nothing.x }}\n- run: echo after',
      'failure',
      '',
    ],
  ])('%s', async (_, lines, conclusion, after) => {
    await using github = await start();
    const result = await run(github, steps(...lines.split('\n')));
    expect(result.conclusion, log(result)).toBe(conclusion);
    expect(result.jobs[0]?.steps.at(-1)?.log ?? '').toContain(after);
    expect(log(result).includes('\nafter')).toBe(after !== '');
  });

  it('says which action there is no stand-in for', async () => {
    await using github = await start();
    const result = await run(github, steps('- uses: somebody/thing@v1'));
    expect(result.jobs[0]?.annotations[0]?.message).toContain('somebody/thing@v1');
  });

  it('annotates, masks and sums up', async () => {
    await using github = await start();
    const lines = [
      'echo "::error file=a.txt,line=3::no%0Agood"',
      'echo "::add-mask::geheim"',
      'echo "not geheim"',
      'echo "# Sum" >> "$GITHUB_STEP_SUMMARY"',
      'echo "::stop-commands::word"; echo "::error::inert"; echo "::word::"',
    ];
    const [job] = (await run(github, steps('- run: |', ...lines.map(line => `    ${line}`)))).jobs;
    expect(job?.annotations).toEqual([
      {
        level: 'error',
        message: 'no\ngood',
        properties: new Map([
          ['file', 'a.txt'],
          ['line', '3'],
        ]),
      },
    ]);
    expect(job?.steps[0]?.log).toContain('not ***');
    expect(job?.steps[0]?.log).toContain('::error::inert');
    expect(job?.steps[0]?.summary).toBe('# Sum\n');
  });

  it.each([
    ['through env, inert', 'env:\n    REF: ${{ github.ref_name }}\n  run: echo "$REF"', true],
    ['into the script, where it runs', 'run: echo "${{ github.ref_name }}"', false],
  ])('gets a hostile branch name %s', async (_, lines, inert) => {
    await using github = await start();
    const branch = 'sign/$(echo${IFS}pwned>x)';
    const script = `${lines}\n- run: ls`;
    const result = await run(github, steps(`- ${script}`), { branch });
    const [first, second] = result.jobs[0]?.steps ?? [];
    expect(first?.log.includes(branch)).toBe(inert);
    expect(second?.log).toBe(inert ? '' : 'x\n');
  });
});

describe('jobs', () => {
  const job = (key: string, more: string, step = '- run: "true"'): string =>
    `${key}:\n  runs-on: x\n${more.replaceAll(/^(?=.)/gm, '  ')}\n  steps:\n    ${step}\n`;
  const conclusions = (result: Run): Readonly<Record<string, string>> =>
    Object.fromEntries(result.jobs.map(one => [one.name, one.conclusion]));

  it('hand outputs to those that need them, but no secret', async () => {
    await using github = await start();
    const result = await run(
      github,
      job(
        'b',
        'needs: a',
        '- run: echo "[${{ needs.a.outputs.x }}] [${{ needs.a.outputs.s }}] ${{ needs.a.result }}"',
      ) +
        job(
          'a',
          'outputs:\n  x: ${{ steps.s.outputs.x }}\n  s: ${{ secrets.PASSWORD }}',
          '- {id: s, run: echo x=1 >> "$GITHUB_OUTPUT"}',
        ),
    );
    expect(log(result)).toContain('[1] [] success');
  });

  it('are skipped, run after failure, and multiplied', async () => {
    await using github = await start();
    const result = await run(
      github,
      job('a', '', '- run: exit 1') +
        job('b', 'needs: a') +
        job('c', 'needs: b\nif: failure()') +
        job('d', 'needs: [a, b]\nif: always()') +
        job(
          'm',
          'strategy:\n  matrix:\n    x: [1, 2]\n    y: ${{ fromJSON(\'["p"]\') }}\n    exclude:\n      - x: 2',
        ),
    );
    expect(conclusions(result)).toEqual({
      a: 'failure',
      b: 'skipped',
      c: 'success',
      d: 'success',
      'm (1, p)': 'success',
    });
    expect(result.conclusion).toBe('failure');
  });

  it.each([
    ['nothing said', '', { contents: 'read', packages: 'read' }],
    ['nothing on top', 'permissions: {}', {}],
    ['one on top', 'permissions: {statuses: write}', { statuses: 'write' }],
  ])('have the permissions of %s', async (_, head, expected) => {
    await using github = await start();
    const result = await run(github, job('a', '') + job('b', 'permissions: {contents: write}'), { head });
    expect(Object.fromEntries(result.jobs.find(one => one.key === 'a')?.permissions ?? [])).toEqual(expected);
    expect(Object.fromEntries(result.jobs.find(one => one.key === 'b')?.permissions ?? [])).toEqual({
      contents: 'write',
    });
  });

  it("have a token that the API knows until the job's end", async () => {
    await using github = await start();
    const script = `curl -s -o /dev/null -w "%{http_code}" -X POST -H "authorization: token $T" -d '{"state":"success"}' "$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/statuses/$GITHUB_SHA"`;
    const step = `- {run: ${JSON.stringify(script)}, env: {T: "\${{ github.token }}"}}`;
    const result = await run(
      github,
      job('a', 'permissions: {statuses: write}', step) + job('b', 'permissions: {contents: write}', step),
    );
    expect(new Set(result.jobs.map(one => one.steps[0]?.log.trim()))).toEqual(new Set(['201', '403']));
    expect(github.calls.map(call => `${call.operation} ${call.token}`)).toEqual(
      Array(2).fill('repos/create-commit-status job'),
    );
  });

  it.each([
    ['main', 'success', '[***]'],
    ['sign/x', 'failure', ''],
  ])('enter an environment restricted to main from %s', async (branch, conclusion, seen) => {
    await using github = await start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    github.addEnvironment(repository, 'online', {
      branches: ['main'],
      secrets: new Map([['KEY', 'key-of-the-environment']]),
    });
    const step = '- {run: "echo [$KEY]", env: {KEY: "${{ secrets.KEY }}"}}';
    const workflow = `on: push\njobs:\n${job('a', 'environment: online', step).replaceAll(/^/gm, '  ')}`;
    github.push(repository, repository.owner, { '.github/workflows/w.yml': workflow }, { branch });
    await github.settled();
    const result = github.actions.last('w.yml');
    expect(result.conclusion).toBe(conclusion);
    expect(log(result)).toContain(seen);
    if (conclusion === 'failure')
      expect(result.jobs[0]?.annotations[0]?.message).toContain('is not allowed to deploy to online');
  });
});

describe('a pull request from a fork', () => {
  it('gets no secret and a token that only reads', async () => {
    await using github = await start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    repository.secrets.set('PASSWORD', 'hunter2-hunter2');
    const stranger = github.addUser('stranger');
    const fork = github.database.addFork(repository, stranger);
    const workflow =
      'on: [push, pull_request]\npermissions: {contents: write, id-token: write}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: echo "[${{ secrets.PASSWORD }}]"\n';
    github.push(fork, stranger, { '.github/workflows/w.yml': workflow }, { branch: 'evil' });
    await fetch(`${github.apiUrl}/repos/town/metadata/pulls`, {
      method: 'POST',
      headers: { authorization: `token ${github.token(stranger, { 'pull-requests': 'write' })}` },
      body: JSON.stringify({ title: 't', head: 'stranger:evil', base: 'main' }),
    });
    await github.settled();
    expect(github.actions.runs.map(one => one.event)).toEqual(['pull_request']);
    const [result] = github.actions.last('w.yml').jobs;
    expect(result?.steps[0]?.log).toBe('[]\n');
    expect(Object.fromEntries(result?.permissions ?? [])).toEqual({ contents: 'read', 'id-token': 'none' });
  });
});

describe('concurrency', () => {
  const workflow = (cancel: boolean): string =>
    `on: push\nconcurrency: {group: g, cancel-in-progress: ${cancel}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - run: sleep 0.4\n`;

  it.each([
    ['lets one run, one wait, and drops those between', false, ['success', 'cancelled', 'success']],
    ['cancels what runs where it is told to', true, ['cancelled', 'cancelled', 'success']],
  ])('%s', async (_, cancel, expected) => {
    await using github = await start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    for (const at of [1, 2, 3])
      github.push(repository, repository.owner, {
        '.github/workflows/w.yml': workflow(cancel),
        'n.txt': String(at),
      });
    await github.settled();
    expect(github.actions.runs.map(one => one.conclusion)).toEqual(expected);
  });

  it('holds for jobs too, and a job that waits ends with its run', async () => {
    await using github = await start();
    const repository = github.addRepository('town/metadata', { files: { 'README.md': 'x' } });
    const text =
      'on: push\njobs:\n  a:\n    runs-on: x\n    concurrency: g\n    steps:\n      - run: sleep 0.4\n';
    for (const at of [1, 2, 3])
      github.push(repository, repository.owner, { '.github/workflows/w.yml': text, 'n.txt': String(at) });
    // Let all three come as far as the group.
    await new Promise(resolve => setTimeout(resolve, 50));
    github.actions.last('w.yml').cancel();
    await github.settled();
    expect(github.actions.runs.map(one => one.conclusion)).toEqual(['success', 'cancelled', 'cancelled']);
  });
});
