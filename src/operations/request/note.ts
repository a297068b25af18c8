import { type BranchName, parseBranchName, parseSigningEvent } from '../../git/names.ts';
import { type CommitSha, isObjectId } from '../../git/oid.ts';
import { type KeyOwner, parseKeyOwner } from '../../metadata/names.ts';
import { badFile, StrictObject } from './strict.ts';

/** Where the note lies in a request's bundle, beside the branches of main and of the event. */
export const NOTE_REF = 'refs/tuf-signer/request';
/** Bytes. */
export const MAX_NOTE: number = 16 * 1024;

const FORMAT = 'tuf-signer request 1';

export interface NamedCommit {
  readonly branch: BranchName;
  readonly commit: CommitSha;
}

/**
 * What a request says of itself: which event of which repository waits for whom. Untrusted where it is read: it says what to look at in
 * the bundle, and everything else is recomputed from git objects.
 */
export interface RequestNote {
  /** Where the repository comes from, as `placeOf` names it: the same in each request of one repository. */
  readonly place: string;
  readonly main: NamedCommit;
  readonly event: NamedCommit;
  /** Who is asked. */
  readonly user: KeyOwner;
  /**
   * The first root of the repository, hex SHA-256 of its signed bytes: the one that the exporting machine trusts; where main has none
   * yet, the event's, once it waits for a signature. To be compared by people, never trusted.
   */
  readonly firstRoot: string | undefined;
}

export function encodeNote({ place, main, event, user, firstRoot }: RequestNote): Buffer {
  const pinned = firstRoot === undefined ? {} : { firstRoot };
  return Buffer.from(`${JSON.stringify({ format: FORMAT, place, main, event, user, ...pinned }, null, 2)}\n`);
}

/** Throws {@link OperationError} `BAD_FILE`, {@link JsonError}, {@link GitError} `BAD_REF_NAME`, {@link MetadataError} `BAD_NAME`. */
export function decodeNote(bytes: Uint8Array): RequestNote {
  const names = ['format', 'place', 'main', 'event', 'user'];
  const note = StrictObject.parse('the request', bytes, names, ['firstRoot']);
  if (note.text('format', /./) !== FORMAT) throw badFile('the request is of a format that is not known here');
  return {
    place: note.text('place', /^\P{Cc}{1,1000}$/u),
    main: commitOf(note.object('main', ['branch', 'commit']), parseBranchName),
    event: commitOf(note.object('event', ['branch', 'commit']), parseSigningEvent),
    user: parseKeyOwner(note.text('user', /./)),
    firstRoot: note.has('firstRoot') ? note.text('firstRoot', /^[0-9a-f]{64}$/) : undefined,
  };
}

function commitOf(named: StrictObject, parse: (name: string) => BranchName): NamedCommit {
  const commit = named.text('commit', /^[0-9a-f]+$/);
  if (!isObjectId(commit)) throw badFile('the request names something that is no commit');
  return { branch: parse(named.text('branch', /./)), commit: commit as string as CommitSha };
}
