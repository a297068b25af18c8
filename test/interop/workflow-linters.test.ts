import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { testFolder } from '../support/git-repo.ts';
import { ACTIONS, OWN_WORKFLOWS, readProject, TEMPLATES } from '../support/workflow-policy/shipped.ts';
import { type ProgramResult, run } from './support/program.ts';

const place = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const WORKFLOWS = [...TEMPLATES, ...OWN_WORKFLOWS];
const SETTINGS = ['.github/dependabot.yml', 'workflows-template/dependabot.yml'];

/** Without the linters of shell and Python that it would look for on this machine. */
const actionlint = (...files: readonly string[]): Promise<ProgramResult> =>
  run(place('.interop/actionlint'), '-no-color', '-shellcheck=', '-pyflakes=', ...files);

const ZIZMOR = ['--offline', '--no-progress', '--quiet', '--color=never', '--persona=auditor', '--no-config'];

/** All that it knows, also what it takes for a matter of taste; nothing is asked of the network. */
const zizmor = (...files: readonly string[]): Promise<ProgramResult> =>
  run(place('.interop/zizmor/bin/zizmor'), ...ZIZMOR, '--', ...files);

it('actionlint has nothing to say of any workflow', async () => {
  expect(await actionlint(...WORKFLOWS.map(place))).toEqual({ code: 0, output: '' });
});

it('zizmor has nothing to say of any workflow, action or setting', async () => {
  const { code, output } = await zizmor(...[...WORKFLOWS, ...ACTIONS, ...SETTINGS].map(place));
  expect(output).toContain('No findings');
  expect(code).toBe(0);
});

/** What they see where it is there: else a linter that reads nothing would pass. */
describe('a workflow that is not fit', () => {
  const text = readProject('workflows-template/workflows/signing-event.yml');
  const SCRIPT = '    steps:\n      - run: echo "${{ github.event.head_commit.message }}"\n';

  it.each([
    ['actionlint', 'a value in a script', actionlint, '    steps:\n', SCRIPT, 'untrusted'],
    ['actionlint', 'an unknown scope', actionlint, 'statuses: write', 'status: write', '"status"'],
    ['zizmor', 'a value in a script', zizmor, '    steps:\n', SCRIPT, 'template-injection'],
    [
      'zizmor',
      'rights for all jobs',
      zizmor,
      'permissions: {}',
      'permissions: write-all',
      'excessive-permissions',
    ],
    [
      'zizmor',
      'head code with rights',
      zizmor,
      '  push:\n    branches: ',
      '  pull_request_target:\n    branches: ',
      'dangerous-triggers',
    ],
  ] as const)('is seen by %s: %s', async (_, __, lint, old, now, word) => {
    expect(text.split(old)).toHaveLength(2);
    await using folder = await testFolder();
    const file = path.join(folder.path, '.github/workflows/w.yml');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(
      file,
      text.replace(old, () => now),
    );
    const { code, output } = await lint(file);
    expect(output).toContain(word);
    expect(code).not.toBe(0);
  });
});
