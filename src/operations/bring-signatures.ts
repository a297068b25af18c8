import type { BranchName } from '../git/names.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue, member, parseJson } from '../json.ts';
import type { Keyid, RoleName } from '../metadata/names.ts';
import { commitAndPush } from './commit.ts';
import { OperationError } from './error.ts';
import { type LoadedEvent, loadRemoteEvent } from './event.ts';
import { type Signatures, signatureFiles, validSignatures, withSignature } from './made-signatures.ts';
import { type Trust } from './pin/trust.ts';
import { TrustedMain } from './pin/trusted-main.ts';
import type { Prompter } from './prompter.ts';
import { requireUser, type Workspace } from './workspace.ts';

export interface BringRequest {
  readonly branch: BranchName;
  /** A metadata file that was signed elsewhere, or a list of `{keyid, sig}`, or one of them. */
  readonly signatures: Uint8Array;
  readonly prompter: Prompter;
  readonly trust: Trust;
}

export interface BroughtSignatures {
  readonly roles: readonly RoleName[];
  readonly event: LoadedEvent;
}

const MAX_TRIES = 5;

/**
 * Adds signatures that were made with other tools, on keys that no signer here reaches: only those that are valid over what the
 * event holds, by keys that are still wanted, and nothing else of the file. Throws {@link OperationError} `REFUSED` where none is, or
 * where the event is rejected; `UNTRUSTED`, `RACE_LOST`; {@link JsonError}; git's errors.
 */
export async function bringSignatures(
  workspace: Workspace,
  { branch, signatures, prompter, trust }: BringRequest,
): Promise<BroughtSignatures> {
  const user = requireUser(workspace);
  const entries = entriesOf(parseJson(signatures));
  const main = new TrustedMain(workspace, branch, trust, prompter);
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    await main.fetch();
    const event = await loadRemoteEvent(workspace, branch);
    if (event.judgement.verdict === 'rejected') {
      prompter.show(event.report);
      throw new OperationError(
        'REFUSED',
        `${branch} is rejected: nothing is signed in it; the reasons are above`,
      );
    }
    const fitting = fittingOf(event, entries);
    if (fitting.size === 0) {
      throw new OperationError(
        'REFUSED',
        `none of the ${entries.length} signatures is a valid one that ${branch} still waits for: was the file made from its metadata as it is now?`,
      );
    }
    const { status } = await commitAndPush(workspace, {
      branch,
      head: event.head,
      parents: [event.head],
      changes: signatureFiles(event.gathered.event, fitting),
      message: [`Signatures on ${[...fitting.keys()].join(' and ')} brought by ${user}`],
      precious: true,
    });
    if (status === 'pushed')
      return { roles: [...fitting.keys()], event: await loadRemoteEvent(workspace, branch) };
  }
  throw new OperationError('RACE_LOST', `${branch} kept changing under us: run the command again`);
}

type Entry = readonly [Keyid, string];

/** Signatures under one keyid beyond one for each role: what a tool may have left from before. */
const SPARE = 16;

/** Which role a signature is on, it says by being valid there: of several under one keyid each has its try. */
function fittingOf(event: LoadedEvent, entries: readonly Entry[]): Signatures {
  let fitting: Signatures = new Map();
  const layers = layersOf(entries);
  const most = event.gathered.event.documents.size + SPARE;
  if (layers.length > most)
    throw new OperationError('REFUSED', `the file holds more than ${most} signatures under one keyid`);
  for (const layer of layers) {
    const everywhere = new Map([...event.gathered.event.documents.keys()].map(role => [role, layer]));
    for (const [role, signatures] of validSignatures(event, everywhere, () => true))
      for (const [keyid, sig] of signatures) fitting = withSignature(fitting, role, keyid, sig);
  }
  return fitting;
}

/** The first signature of each keyid, then the second of each, and so on. */
function layersOf(entries: readonly Entry[]): readonly ReadonlyMap<Keyid, string>[] {
  const layers: Map<Keyid, string>[] = [];
  const counts = new Map<Keyid, number>();
  for (const [keyid, sig] of entries) {
    const count = counts.get(keyid) ?? 0;
    counts.set(keyid, count + 1);
    (layers[count] ??= new Map()).set(keyid, sig);
  }
  return layers;
}

function entriesOf(json: JsonValue): readonly Entry[] {
  const inside = isJsonObject(json) ? (member(json, 'signatures') ?? [json]) : json;
  const entries = isJsonArray(inside)
    ? inside.flatMap(entry => (isJsonObject(entry) ? entryOf(entry) : []))
    : [];
  if (entries.length > 0) return entries;
  throw new OperationError(
    'REFUSED',
    'the file holds no signatures: it has to be a signed metadata file, or a list of {"keyid": …, "sig": …}',
  );
}

function entryOf(entry: JsonObject): readonly Entry[] {
  const [keyid, sig] = [member(entry, 'keyid'), member(entry, 'sig')];
  return typeof keyid === 'string' && typeof sig === 'string' && sig !== '' ? [[keyid as Keyid, sig]] : [];
}
