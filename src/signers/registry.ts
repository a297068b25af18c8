import { SignerError } from './error.ts';
import { type FileUri, parseFileUri } from './file-uri.ts';
import { type PivUri, parsePivUri } from './piv/uri.ts';

/** A signer's URI, parsed: what kind of signer, and which of its keys. */
export type SignerUri =
  | { readonly scheme: 'piv'; readonly piv: PivUri }
  | { readonly scheme: 'file'; readonly file: FileUri };

export type SignerScheme = SignerUri['scheme'];

// The allow-list: URIs also come from metadata, and name what this process then opens.
const PARSERS: ReadonlyMap<string, (uri: string) => SignerUri> = new Map([
  ['piv', (uri: string): SignerUri => ({ scheme: 'piv', piv: parsePivUri(uri) })],
  ['file', (uri: string): SignerUri => ({ scheme: 'file', file: parseFileUri(uri) })],
]);

/**
 * Parses a signer's URI by its scheme. Throws {@link SignerError} `BAD_URI` for a scheme that is not supported and for a bad
 * `file:` URI, {@link CardError} `BAD_URI` for a bad `piv:` one.
 */
export function parseSignerUri(uri: string): SignerUri {
  const scheme = /^([a-z][a-z0-9+.-]{0,31}):/.exec(uri)?.[1];
  const parse = scheme === undefined ? undefined : PARSERS.get(scheme);
  if (parse === undefined) {
    throw new SignerError(
      'BAD_URI',
      `${JSON.stringify(uri.slice(0, 200))} is no signer that is supported here: write piv: for a card, or file:NAME.pem for a key file`,
    );
  }
  return parse(uri);
}
