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
