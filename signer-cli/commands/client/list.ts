import { matchesGlob } from '../../../src/client/glob.ts';
import type { TargetInfo } from '../../../src/client/search.ts';
import { renderJson } from '../../../src/render/json.ts';
import { columnsOf, escapeTerminal } from '../../../src/render/terminal-text.ts';
import { EXIT } from '../../exit-codes.ts';
import type { RunContext } from '../../run-context.ts';
import type { ClientFlags } from './flags.ts';
import { openClient } from './open.ts';

/** Lists what the repository has. A role that can't be had is told, and the exit code says that something is missing. */
export async function run(
  patterns: readonly string[],
  flags: ClientFlags,
  context: RunContext,
): Promise<number> {
  const { output } = context;
  const client = await openClient(flags, context);
  const { targets, missing } = await client.list(
    path => patterns.length === 0 || patterns.some(pattern => matchesGlob(pattern, path)),
  );
  for (const [role, error] of missing)
    output.say(`warning: what role ${role} lists is missing: ${error.message}`);
  if (flags.json === true) {
    output.result(renderJson({ targets: targets.map(json), missing: [...missing.keys()] }));
  } else if (targets.length > 0) output.result(table(targets));
  return missing.size === 0 ? EXIT.accepted : EXIT.badData;
}

function table(targets: readonly TargetInfo[]): string {
  const rows = targets.map(({ path, role, file }) => [
    String(file.length),
    escapeTerminal(role),
    escapeTerminal(path),
  ]);
  const [length, role] = [0, 1].map(i => Math.max(...rows.map(row => columnsOf(row[i] ?? ''))));
  return rows
    .map(
      ([bytes = '', name = '', path = '']) =>
        `${bytes.padStart(length ?? 0)}  ${name}${' '.repeat((role ?? 0) - columnsOf(name))}  ${path}`,
    )
    .join('\n');
}

const json = ({ path, role, file: { length, hashes } }: TargetInfo): object => ({
  path,
  role,
  length,
  hashes,
});
