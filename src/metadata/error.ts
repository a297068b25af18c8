import { CodedError } from '../errors.ts';

export type MetadataErrorCode =
  /** A document does not have the shape that TUF section 4 gives it. */
  | 'MALFORMED'
  /** A role name, target path, keyid or owner that is not safe to use. */
  | 'BAD_NAME'
  /** A key whose type, scheme or public value is not on the allow-list. */
  | 'BAD_KEY'
  /** Too few distinct keys have signed. */
  | 'QUORUM_NOT_MET';

export class MetadataError extends CodedError<MetadataErrorCode> {}
