import { createPublicKey, type KeyObject } from 'node:crypto';
import type { KeyOwner } from '../../src/metadata/names.ts';
import type { PublicKeyParts, RolePeriods } from '../../src/repository/documents.ts';
import { SignerError } from '../../src/signers/error.ts';
import { readKeyFile, writeKeyFile } from '../../src/signers/file.ts';
import { parseSignerUri } from '../../src/signers/registry.ts';
import { givenFile, givenOwner } from '../given.ts';
import { fileOptions, type GlobalFlags, type RunContext } from '../run-context.ts';
import { UsageError } from '../usage-error.ts';

/** `@a,@b @c` in any mixture, the `@` optional. Throws {@link UsageError}. */
export function parseOwners(text: string): readonly KeyOwner[] {
  const names = text.split(/[\s,]+/).filter(name => name !== '');
  return names.map(givenOwner);
}

/** As {@link parseOwners}, where it has to be somebody and each only once. */
export function parseSigners(text: string): readonly KeyOwner[] {
  const owners = parseOwners(text);
  if (owners.length === 0) throw new UsageError('a role needs at least one signer');
  const again = owners.find((owner, at) => owners.indexOf(owner) !== at);
  if (again !== undefined) throw new UsageError(`${again} is named twice`);
  return owners;
}

export const thresholdQuestion = (role: string, count: number): string =>
  `How many of the ${count} have to sign ${role}?`;

/** A threshold that `count` signers can meet. Throws {@link UsageError}. */
export function parseThreshold(text: string, count: number): number {
  const threshold = parseCount(text, 'the threshold');
  if (threshold < 1 || threshold > count) throw new UsageError(`it has to be 1 to ${count}`);
  return threshold;
}

export function parseCount(text: string, what: string): number {
  if (!/^\d{1,6}$/.test(text))
    throw new UsageError(`${what} has to be a number, not ${JSON.stringify(text)}`);
  return Number(text);
}

export const periodsQuestion = (role: string): string =>
  `Days until ${role} expires / days to sign it before that:`;

/** `365` or `365/60`: days to expiry, and how many days before that signing begins (half where nothing is said). */
export function parsePeriods(text: string, what: string): RolePeriods {
  const match = /^(\d{1,6})(?:\/(\d{1,6}))?$/.exec(text);
  if (match === null) throw new UsageError(`${what} has to be DAYS or DAYS/SIGNING-DAYS, as in 365/60`);
  const expiryDays = Number(match[1]);
  const signingDays = match[2] === undefined ? Math.floor(expiryDays / 2) : Number(match[2]);
  if (signingDays < 1 || expiryDays <= signingDays) {
    throw new UsageError(
      `${what}: the signing period has to be at least 1 day and shorter than the ${expiryDays} days of expiry`,
    );
  }
  return { expiryDays, signingDays };
}

export const formatPeriods = ({ expiryDays, signingDays }: RolePeriods): string =>
  `${expiryDays}/${signingDays}`;

export const ONLINE_KEY_QUESTION = 'The key that automation signs with, as in file:online.pem:';

export interface OnlineKeyFlags extends GlobalFlags {
  readonly onlineKey?: string;
  readonly onlinePublic?: string;
  readonly createOnlineKey?: boolean;
}

/** The public half of an online key: from its file, or from a PEM for keys that are elsewhere. */
export async function readOnlineKey(
  uri: string,
  flags: OnlineKeyFlags,
  context: RunContext,
): Promise<{ readonly key: PublicKeyParts; readonly uri: string }> {
  if (flags.onlinePublic !== undefined) return { key: await readPublicPem(flags.onlinePublic), uri };
  if (parseSignerUri(uri).scheme !== 'file') {
    throw new UsageError(`the public key of ${uri} is not known here: give it by --online-public FILE.pem`);
  }
  const options = fileOptions(flags, context);
  if (flags.createOnlineKey === true) await createKey(uri, options);
  const { keytype, scheme, public: publicText } = await readOrCreate(uri, options, context);
  return { key: { keytype, scheme, public: publicText }, uri };
}

/** A key that is not there is made, if the person at the terminal wants so. */
async function readOrCreate(
  uri: string,
  options: ReturnType<typeof fileOptions>,
  { asker, output }: RunContext,
): Promise<PublicKeyParts> {
  try {
    return await readKeyFile(uri, options);
  } catch (error) {
    const missing = error instanceof SignerError && error.code === 'KEY_FILE_MISSING';
    if (!missing || !asker.isInteractive) throw error;
    output.say(`${error.message}, or have it made now`);
    if (!(await asker.confirm('Make a new key there?'))) throw error;
    return await writeKeyFile(uri, options);
  }
}

/** An earlier run that failed later has made it already: then that one is it. */
async function createKey(uri: string, options: ReturnType<typeof fileOptions>): Promise<void> {
  try {
    await writeKeyFile(uri, options);
  } catch (error) {
    if (!(error instanceof SignerError && error.code === 'KEY_FILE_EXISTS')) throw error;
  }
}

async function readPublicPem(file: string): Promise<PublicKeyParts> {
  const pem = (await givenFile(file, '--online-public')).toString('utf8');
  const key = /^\s*-----BEGIN PUBLIC KEY-----/.test(pem) ? parsePublicPem(pem) : undefined;
  if (key?.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw new UsageError(`${file} is no PEM public key on the curve P-256`);
  }
  const publicText = key.export({ format: 'pem', type: 'spki' }).toString();
  return { keytype: 'ecdsa', scheme: 'ecdsa-sha2-nistp256', public: publicText };
}

function parsePublicPem(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined; // OpenSSL's errors have no class of their own
  }
}
