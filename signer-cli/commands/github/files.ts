import { unreachable } from '../../../src/errors.ts';
import type { ActionsReference, TemplateFile } from '../../../src/operations/github/template.ts';
import { type PlannedFile, planFiles, writePlanned } from '../../../src/operations/github/write-files.ts';
import type { Workspace } from '../../../src/operations/workspace.ts';
import type { RunContext } from '../../run-context.ts';
import { UsageError } from '../../usage-error.ts';

export interface WrittenFile {
  readonly path: string;
  /** `kept`: it differs, and nobody said that it may be replaced. `own`: it is the repository's own. */
  readonly outcome: 'written' | 'replaced' | 'same' | 'kept' | 'own';
}

export interface FilesRequest {
  readonly template: readonly TemplateFile[];
  readonly actions: ActionsReference | undefined;
  readonly owner: string;
}

/** Writes into the checkout what is not there; what differs is replaced with consent. Says what it does. */
export async function writeFiles(
  { repository }: Workspace,
  { template, actions, owner }: FilesRequest,
  flags: { readonly yes?: boolean },
  context: RunContext,
): Promise<readonly WrittenFile[]> {
  if (actions === undefined)
    throw new UsageError(
      'this build is no release, and does not know the commit of its actions: give --actions OWNER/REPOSITORY@COMMIT, or --check to write nothing',
    );
  const top = repository.folder;
  if (top === repository.gitDir)
    throw new UsageError('this clone is bare: there is no checkout to write the workflows into');
  const { output } = context;
  const written: WrittenFile[] = [];
  for (const file of await planFiles(top, template, actions, owner)) {
    const outcome = await settle(file, flags, context);
    if (outcome === 'written' || outcome === 'replaced') await writePlanned(top, file);
    if (outcome !== 'same' && outcome !== 'own') output.say(`${outcome.padEnd(8)} ${file.path}`);
    written.push({ path: file.path, outcome });
  }
  if (written.some(({ outcome }) => outcome === 'written' || outcome === 'replaced')) {
    output.say(`The workflows use ${actions.repository} at ${actions.commit} (version ${actions.version}).`);
    output.say('Look at .github, name your people in .github/CODEOWNERS, then commit and push it to main.');
  }
  return written;
}

async function settle(
  file: PlannedFile,
  { yes }: { readonly yes?: boolean },
  { asker, output }: RunContext,
): Promise<WrittenFile['outcome']> {
  switch (file.state) {
    case 'new':
      return 'written';
    case 'differs':
      output.say(`${file.path} is not as this version has it:`);
      for (const [sign, lines] of [
        ['-', file.goes],
        ['+', file.comes],
      ] as const) {
        for (const line of lines.slice(0, MOST_LINES)) output.say(`  ${sign} ${line}`);
        if (lines.length > MOST_LINES) output.say(`  ${sign} … and ${lines.length - MOST_LINES} lines more`);
      }
      if (yes !== true && !asker.isInteractive) return 'kept';
      return yes === true || (await asker.confirm(`Replace ${file.path}?`)) ? 'replaced' : 'kept';
    case 'same':
    case 'own':
      return file.state;
    default:
      return unreachable(file.state);
  }
}

const MOST_LINES = 12;
