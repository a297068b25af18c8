import { randomBytes } from 'node:crypto';
import { DAY_MS, formatInstant, type Instant } from '../../clock.ts';
import { MAX_DRILL_DAYS } from '../../event/drill/drill-of.ts';
import { type Keyholder, keyholdersOf } from '../../event/drill/keyholders.ts';
import { digestOf } from '../../event/succession.ts';
import { type BranchName, parseSigningEvent } from '../../git/names.ts';
import {
  type Drill,
  drillNameProblem,
  drillObject,
  drillPath,
  serializeDrill,
} from '../../repository/drill-file.ts';
import { rootOf } from '../../repository/tree.ts';
import { commitAndPush } from '../commit.ts';
import { OperationError } from '../error.ts';
import { TreeReader } from '../read-tree.ts';
import { verifiedMain } from '../verified-main.ts';
import { fetchMain, type Workspace } from '../workspace.ts';
import { allDrills, readIdentity } from './read.ts';

export interface DrillRequest {
  /** The day, unless told. */
  readonly name?: string | undefined;
  /** How long keyholders have, at most {@link MAX_DRILL_DAYS}. */
  readonly days: number;
}

export interface OpenedDrill {
  readonly branch: BranchName;
  readonly deadline: string;
  readonly keyholders: readonly Keyholder[];
}

export const DRILL_DAYS = 14;

export const drillBranch = (name: string): BranchName => parseSigningEvent(`sign/drill-${name}`);

/**
 * Opens a drill: an event `sign/drill-NAME` that asks every key which people hold on main to prove itself. Throws
 * {@link OperationError} `REFUSED` where main does not verify, has no keyholder, or the request can't be; `ALREADY_THERE`; git's
 * errors.
 */
export async function openDrill(workspace: Workspace, request: DrillRequest): Promise<OpenedDrill> {
  const now = workspace.clock.now();
  const name = request.name ?? formatInstant(now).slice(0, 10);
  const problem = drillNameProblem(name) ?? daysProblem(request.days);
  if (problem !== undefined) throw new OperationError('REFUSED', `a drill's ${problem}`);
  const main = await fetchMain(workspace);
  const tree = await verifiedMain(workspace, main);
  const reader = new TreeReader(workspace.objects);
  if ((await allDrills(reader, tree)).has(drillPath(name))) throw alreadyThere(name, 'main holds');
  const [repository, root, keyholders] = [await readIdentity(reader, tree), rootOf(tree), keyholdersOf(tree)];
  if (repository === undefined || root === undefined || keyholders.length === 0)
    throw new OperationError(
      'REFUSED',
      `main has no key yet of which it says that a person holds it: there is nothing to drill${tree.metadata.size === 0 ? '' : ' before an event that names its keyholders is merged'}`,
    );
  const deadline = formatInstant((now + request.days * DAY_MS) as Instant);
  const drill: Omit<Drill, 'raw' | 'openedAt' | 'deadlineAt'> = {
    name,
    repository,
    root: { version: root.signed.version, sha256: digestOf(root) },
    opened: formatInstant(now),
    deadline,
    nonce: randomBytes(32).toString('hex'),
    keys: keyholders,
  };
  const branch = drillBranch(name);
  const { status } = await commitAndPush(workspace, {
    branch,
    head: undefined,
    parents: [main.commit],
    changes: new Map([[drillPath(name), serializeDrill({ raw: drillObject(drill) }, [])]]),
    message: [`Drill ${name}: every keyholder proves their key until ${deadline}`],
  });
  if (status === 'rejected') throw alreadyThere(name, 'there is');
  return { branch, deadline, keyholders };
}

const daysProblem = (days: number): string | undefined =>
  Number.isSafeInteger(days) && days >= 1 && days <= MAX_DRILL_DAYS
    ? undefined
    : `time is 1 to ${MAX_DRILL_DAYS} days`;

const alreadyThere = (name: string, who: string): OperationError =>
  new OperationError(
    'ALREADY_THERE',
    `${who} a drill ${name} already: see tuf-signer drill status, or give this one another --name`,
  );
