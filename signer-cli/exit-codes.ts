import { ClientError, type ClientErrorCode } from '../src/client/error.ts';
import { CodedError, InvariantError, unreachable } from '../src/errors.ts';
import type { Verdict } from '../src/event/judge.ts';
import { GitError } from '../src/git/error.ts';
import { JsonError } from '../src/json.ts';
import { MetadataError } from '../src/metadata/error.ts';
import { OperationError, type OperationErrorCode } from '../src/operations/error.ts';
import { PolicyError } from '../src/policy/error.ts';
import { RepositoryError } from '../src/repository/error.ts';
import { CardError } from '../src/signers/piv/error.ts';

/** Up to 3 a verdict; from 64 on, as in sysexits.h, why there is none. */
export const EXIT = {
  accepted: 0,
  pending: 1,
  rejected: 2,
  unchanged: 3,
  usage: 64,
  badData: 65,
  notFound: 66,
  unavailable: 69,
  defect: 70,
  alreadyThere: 73,
  git: 74,
  tryAgain: 75,
  declined: 77,
} as const;

export const EXIT_HELP = `Exit codes:
   0  done; of a judgement: accepted      64  usage; an answer or a file that is
   1  pending: signatures or answers          named is missing
      miss                                65  something read is not what its
   2  rejected                                format says
   3  no change                           66  what was asked for is not there
                                          69  no card, key, forge or server;
                                              or it said no
                                          70  a defect of tuf-signer
                                          73  it is there already
                                          74  git, the remote or a file failed
                                          75  others were faster: try again
                                          77  you, or nobody to ask, said no

With --json a failure is printed as {"error": {"code", "message"}} too.`;

export const exitCodeOfVerdict = (verdict: Verdict): number => EXIT[verdict];

const BAD_DATA = [MetadataError, JsonError, RepositoryError, PolicyError] as const;

/** The exit code of an error that ended a command. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof OperationError) return exitCodeOfOperation(error.code);
  if (error instanceof ClientError) return exitCodeOfClient(error.code);
  if (error instanceof GitError)
    return error.code === 'BAD_REVISION' || error.code === 'BAD_REF_NAME' ? EXIT.usage : EXIT.git;
  if (error instanceof CardError) return error.code === 'BAD_URI' ? EXIT.usage : EXIT.unavailable;
  if (BAD_DATA.some(kind => error instanceof kind)) return EXIT.badData;
  if (error instanceof InvariantError) return EXIT.defect;
  if (error instanceof CodedError) return exitCodeOfCode(String(error.code));
  return isSystemError(error) ? EXIT.git : EXIT.defect;
}

function exitCodeOfCode(code: string): number {
  if (code === 'STORAGE') return EXIT.git;
  return code === 'BAD_URI' || code === 'USAGE' ? EXIT.usage : EXIT.unavailable;
}

/** A file or folder that this machine could not read or write: the world's fault, said in the system's words. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && 'errno' in error;

function exitCodeOfClient(code: ClientErrorCode): number {
  switch (code) {
    case 'BAD_URL':
      return EXIT.usage;
    case 'TARGET_UNKNOWN':
    case 'NOT_CACHED':
    case 'NOT_FOUND':
      return EXIT.notFound;
    case 'TRANSPORT':
    case 'ABORTED':
      return EXIT.unavailable;
    case 'STORAGE':
      return EXIT.git;
    case 'MALFORMED':
    case 'QUORUM':
    case 'ROLLBACK':
    case 'EXPIRED':
    case 'VERSION_MISMATCH':
    case 'HASH_MISMATCH':
    case 'LENGTH_MISMATCH':
    case 'ROLE_UNKNOWN':
    case 'TOO_LARGE':
    case 'UNSAFE_PATH':
    case 'BAD_BUNDLE':
    case 'NO_CONSENSUS':
      return EXIT.badData;
    default:
      return unreachable(code);
  }
}

function exitCodeOfOperation(code: OperationErrorCode): number {
  switch (code) {
    case 'MISSING_ANSWER':
    case 'BAD_DESTINATION':
      return EXIT.usage;
    case 'NOT_FOUND':
      return EXIT.notFound;
    case 'ALREADY_THERE':
      return EXIT.alreadyThere;
    case 'DECLINED':
      return EXIT.declined;
    case 'REFUSED':
    case 'NOT_FROM_MAIN':
    case 'UNTRUSTED':
      return EXIT.rejected;
    case 'BAD_PIN':
    case 'BAD_FILE':
      return EXIT.badData;
    case 'MERGED':
      return EXIT.unchanged;
    case 'RACE_LOST':
      return EXIT.tryAgain;
    case 'NO_SIGNER':
    case 'PROGRAM_FAILED':
      return EXIT.unavailable;
    default:
      return unreachable(code);
  }
}
