import { CodedError } from '../errors.ts';

export type SignerErrorCode =
  /** No URI of a signer, or of one that is not supported. */
  | 'BAD_URI'
  /** The key file, or the environment variable that should hold the key, is not there. */
  | 'KEY_FILE_MISSING'
  /** A file is where a new key was to be written. */
  | 'KEY_FILE_EXISTS'
  /** This machine could not read or write the key file. */
  | 'KEY_FILE_ACCESS'
  /** What was read is no private key of a kind that metadata is signed with. */
  | 'KEY_FILE_BAD'
  /** The passphrase is missing or wrong. */
  | 'PASSPHRASE'
  /** The signature that was made does not verify. */
  | 'BAD_SIGNATURE';

/** What can go wrong with a key outside of a card. Never carries key material or a passphrase. */
export class SignerError extends CodedError<SignerErrorCode> {}
