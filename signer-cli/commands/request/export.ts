import { stat } from 'node:fs/promises';
import { parseSigningEvent } from '../../../src/git/names.ts';
import { exportRequest } from '../../../src/operations/request/export.ts';
import { renderJson } from '../../../src/render/json.ts';
import { EXIT } from '../../exit-codes.ts';
import { type GlobalFlags, prompterOf, type RunContext, trustOf, workspaceOf } from '../../run-context.ts';
import { askedWords } from '../asked-words.ts';
import { requireAbsent } from './files.ts';

export interface ExportFlags extends GlobalFlags {
  readonly out?: string;
  readonly json?: boolean;
}

/** Puts an event into one file for a machine without network. */
export async function run(
  [event = '']: readonly string[],
  flags: ExportFlags,
  context: RunContext,
): Promise<number> {
  const { out = '' } = flags;
  const branch = parseSigningEvent(event);
  await requireAbsent(out);
  await using workspace = await workspaceOf(flags);
  const { note, isFirst, asks } = await exportRequest(workspace, {
    branch,
    out,
    prompter: prompterOf(context),
    trust: await trustOf(flags, context),
  });
  const { output } = context;
  if (flags.json === true) {
    const { size } = await stat(out);
    output.result(renderJson({ file: out, bytes: size, ...note, ...asks }));
    return EXIT.accepted;
  }
  output.say(`${out} holds ${branch}, which ${askedWords(asks, note.user).join(' and ')}.`);
  if (note.firstRoot !== undefined) {
    const which = isFirst ? 'The first root, which this event brings' : 'The first root that is trusted here';
    output.say(`${which}: SHA-256 ${note.firstRoot}. Compare it with what the other machine shows.`);
  } else if (isFirst)
    output.say(
      'It brings the first root, which changes as you join: another request has it as it is signed.',
    );
  output.say(`On the machine without network: tuf-signer request sign ${out}`);
  return EXIT.accepted;
}
