import { resolveCommit } from '../../src/git/refs.ts';
import { verifyCommit } from '../../src/operations/verify.ts';
import { clientsJson, renderClients } from '../../src/render/clients.ts';
import { reasonJson, renderJson } from '../../src/render/json.ts';
import { exitCodeOfVerdict } from '../exit-codes.ts';
import { givenFile } from '../given.ts';
import { type GlobalFlags, type RunContext, workspaceOf } from '../run-context.ts';
import { showReasons } from './show-reasons.ts';

interface VerifyFlags extends GlobalFlags {
  readonly rev?: string;
  readonly trustedRoot?: string;
  readonly clients?: boolean;
  readonly json?: boolean;
}

/** Verifies the complete repository at a commit, as publishable. With `--clients` a table of who could not, which decides nothing. */
export async function run(
  _args: readonly string[],
  flags: VerifyFlags,
  { output }: RunContext,
): Promise<number> {
  await using workspace = await workspaceOf(flags);
  const commit = await resolveCommit(workspace.repository, flags.rev ?? 'HEAD');
  const trustedRoot =
    flags.trustedRoot === undefined ? undefined : await givenFile(flags.trustedRoot, '--trusted-root');
  const { verdict, reasons, client, clientProblems } = await verifyCommit(workspace, { commit, trustedRoot });
  const problems = flags.clients === true ? clientProblems() : undefined;
  if (flags.json === true) {
    const clients = problems === undefined ? {} : { clients: clientsJson(problems) };
    output.result(renderJson({ verdict, commit, reasons: reasons.map(reasonJson), ...clients }));
    return exitCodeOfVerdict(verdict);
  }
  if (problems !== undefined)
    output.result(renderClients(problems, { colour: output.colour.out, width: output.width }));
  showReasons(output, reasons);
  output.say(
    client === undefined
      ? `Commit ${commit.slice(0, 12)} can not be published.`
      : `Commit ${commit.slice(0, 12)} verifies: root ${client.root}, snapshot ${client.snapshot}, ${client.targetCount} ${client.targetCount === 1 ? 'artifact' : 'artifacts'}.`,
  );
  return exitCodeOfVerdict(verdict);
}
