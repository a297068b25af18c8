import { SignerError } from './error.ts';

/** Where a private key lies as PEM. */
export type FileUri = (
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'environment'; readonly name: string }
) & {
  /** The environment variable that holds the passphrase. */
  readonly passphraseName: string | undefined;
};

const SYNTAX = 'file:PATH or file:env=NAME, with ;passphrase-env=NAME where the key is encrypted';
const MAX_URI = 1_024;

/**
 * Parses `file:PATH` and `file:env=NAME`, each with `;passphrase-env=NAME` or without. NAME is of capitals, digits and `_`.
 * A path is taken as it stands: no `~`, no `%41`, no `;`. Throws {@link SignerError} `BAD_URI`.
 */
export function parseFileUri(uri: string): FileUri {
  const fail = (what: string): never => {
    throw new SignerError('BAD_URI', `${JSON.stringify(uri.slice(0, MAX_URI))}: ${what}; write ${SYNTAX}`);
  };
  if (uri.length > MAX_URI) return fail('too long');
  if (!uri.startsWith('file:')) return fail('not a file: URI');
  const [place = '', option, ...more] = uri.slice('file:'.length).split(';');
  if (more.length > 0) return fail('more than one option');
  const passphraseName = option === undefined ? undefined : /^passphrase-env=(.*)$/s.exec(option)?.[1];
  if (option !== undefined && !isVariableName(passphraseName)) {
    return fail('the option has to be passphrase-env=NAME, NAME of capitals, digits and _');
  }
  if (place.startsWith('env=')) {
    const name = place.slice('env='.length);
    if (!isVariableName(name)) return fail('the variable has to be of capitals, digits and _');
    return { kind: 'environment', name, passphraseName };
  }
  const problem = pathProblem(place);
  return problem === undefined ? { kind: 'path', path: place, passphraseName } : fail(problem);
}

const isVariableName = (name: string | undefined): boolean =>
  name !== undefined && /^[A-Z][A-Z0-9_]{0,99}$/.test(name);

function pathProblem(path: string): string | undefined {
  if (path === '') return 'the path is empty';
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(path) || !path.isWellFormed()) {
    return 'the path holds a character that can not be seen';
  }
  if (path !== path.trim()) return 'the path starts or ends with a space';
  if (path.startsWith('//')) return 'a URI of this kind names no host: one slash starts an absolute path';
  if (path.startsWith('~')) return '~ does not stand for a home folder here';
  if (path.endsWith('/') || path.endsWith('\\')) return 'the path is that of a folder';
  return undefined;
}
