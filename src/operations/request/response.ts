import { createHash } from 'node:crypto';
import { fingerprintOf } from '../../event/cards.ts';
import { isNameless } from '../../event/named-keys.ts';
import { type BranchName, parseSigningEvent } from '../../git/names.ts';
import type { JsonValue } from '../../json.ts';
import type { Key } from '../../metadata/key.ts';
import {
  type Keyid,
  type KeyOwner,
  parseKeyOwner,
  parseRoleName,
  type RoleName,
} from '../../metadata/names.ts';
import type { CardAttestation, PersonalSigner, PublicKeyInfo } from '../../signers/signer.ts';
import { OperationError } from '../error.ts';
import { badFile, StrictObject, withChecksum } from './strict.ts';

const FORMAT = 'tuf-signer response 1';

/** One signature that was made elsewhere. */
export interface MadeSignature {
  readonly role: RoleName;
  readonly version: number;
  readonly keyid: Keyid;
  /** Hex SHA-256 of the signed bytes. */
  readonly payload: string;
  /** Hex. */
  readonly sig: string;
}

/** One proof of a key in a drill that was made elsewhere. */
export interface MadeProof {
  /** Of the public key, hex. */
  readonly fingerprint: string;
  /** Hex SHA-256 of the bytes that it is over. */
  readonly payload: string;
  /** Hex. */
  readonly sig: string;
}

/** The key with which somebody accepted to join `roles`. */
export interface MadeKey extends Omit<PublicKeyInfo, 'place'> {
  readonly roles: readonly RoleName[];
  readonly attestation: CardAttestation | undefined;
}

/** What a person answered on a machine without network: that they join, signatures, or proofs in a drill. */
export interface Response {
  readonly event: BranchName;
  readonly user: KeyOwner;
  readonly joins: MadeKey | undefined;
  readonly signatures: readonly MadeSignature[];
  readonly proofs: readonly MadeProof[];
}

export function encodeResponse({ event, user, joins, signatures, proofs }: Response): Buffer {
  const response = {
    format: FORMAT,
    event,
    user,
    ...(joins === undefined ? {} : { joins: { ...joins, attestation: certificatesOf(joins.attestation) } }),
    signatures,
    ...(proofs.length === 0 ? {} : { proofs }),
  };
  return Buffer.from(`${JSON.stringify(withChecksum(response), null, 2)}\n`);
}

/** Base64 of DER, the key's own first. */
const certificatesOf = (attestation: CardAttestation | undefined): readonly string[] =>
  attestation === undefined
    ? []
    : [attestation.certificate, ...attestation.issuers].map(der => Buffer.from(der).toString('base64'));

/** More roles than there are, and more certificates than a chain has. */
const MAX_SIGNATURES = 40_000;
const MAX_CERTIFICATES = 8;
/** As many as a drill asks. */
const MAX_PROOFS = 1_000;

/** Reads a file that anybody may have written. Throws {@link OperationError} `BAD_FILE`, {@link JsonError}, `BAD_NAME`, `BAD_REF_NAME`. */
export function decodeResponse(bytes: Uint8Array): Response {
  if (isBundle(bytes))
    throw new OperationError(
      'BAD_FILE',
      'this is a request, not a response: on the machine without network, tuf-signer request sign makes one of it',
    );
  const names = ['format', 'event', 'user', 'signatures', 'checksum'];
  const response = StrictObject.parse('the response', bytes, names, ['joins', 'proofs']);
  if (response.text('format', /./) !== FORMAT)
    throw badFile('the response is of a format that is not known here');
  response.requireChecksum();
  return {
    event: parseSigningEvent(response.text('event', /./)),
    user: parseKeyOwner(response.text('user', /./)),
    joins: response.has('joins') ? decodeKey(response) : undefined,
    signatures: response.list('signatures', MAX_SIGNATURES).map(decodeSignature),
    proofs: response.has('proofs') ? response.list('proofs', MAX_PROOFS).map(decodeProof) : [],
  };
}

/** Source: gitformat-bundle(5), `signature`. */
const isBundle = (bytes: Uint8Array): boolean =>
  /^# v\d git bundle\n/.test(Buffer.from(bytes.subarray(0, 16)).toString('latin1'));

function decodeKey(response: StrictObject): MadeKey {
  const key = response.object('joins', ['roles', 'keytype', 'scheme', 'public', 'attestation']);
  const [certificate, ...issuers] = key.texts('attestation', BASE64, MAX_CERTIFICATES).map(fromBase64);
  return {
    roles: key.texts('roles', /./, MAX_SIGNATURES).map(parseRoleName),
    keytype: key.text('keytype', WORD),
    scheme: key.text('scheme', WORD),
    public: key.text('public', /^[^]{1,4096}$/),
    attestation: certificate === undefined ? undefined : { certificate, issuers },
  };
}

const WORD = /^[a-z0-9-]{1,64}$/;
const BASE64 = /^[A-Za-z0-9+/]{1,16384}={0,2}$/;
const fromBase64 = (text: string): Uint8Array => Buffer.from(text, 'base64');

function decodeSignature(value: JsonValue, index: number): MadeSignature {
  const place = `the response.signatures[${index}]`;
  const signature = new StrictObject(place, value, ['role', 'version', 'keyid', 'payload', 'sig']);
  return {
    role: parseRoleName(signature.text('role', /./)),
    version: signature.version('version'),
    keyid: signature.text('keyid', /^[0-9a-f]{1,128}$/) as Keyid,
    payload: signature.text('payload', SHA_256),
    sig: signature.text('sig', SIGNATURE),
  };
}

function decodeProof(value: JsonValue, index: number): MadeProof {
  const proof = new StrictObject(`the response.proofs[${index}]`, value, ['fingerprint', 'payload', 'sig']);
  return {
    fingerprint: proof.text('fingerprint', SHA_256),
    payload: proof.text('payload', SHA_256),
    sig: proof.text('sig', SIGNATURE),
  };
}

const SHA_256 = /^[0-9a-f]{64}$/;
const SIGNATURE = /^([0-9a-f]{2}){1,2048}$/;

export const payloadDigest = (payload: Uint8Array): string =>
  createHash('sha256').update(payload).digest('hex');

/**
 * A signer that has what the response holds and nothing else: importing is signing with it, so that all is judged and each signature
 * verified as ever. It holds those keys of nobody's name that it has a signature of. `sign` throws {@link OperationError} `NO_SIGNER` where
 * the response has no signature over these very bytes.
 */
export function responseSigner({ event, user, joins, signatures, proofs }: Response): PersonalSigner {
  const made = new Map(signatures.map(({ keyid, payload, sig }) => [`${keyid} ${payload}`, sig]));
  const proved = new Map(proofs.map(({ fingerprint, payload, sig }) => [`${fingerprint} ${payload}`, sig]));
  const keyids = new Set(signatures.map(({ keyid }) => keyid));
  return {
    holds: ({ keyid }) => keyids.has(keyid),
    sign: async (key: Key, payload) => {
      // A key that is nobody's by name is whoever's holds it: what it signed is verified as ever.
      if (key.owner !== user && !isNameless(key)) return undefined;
      const digest = payloadDigest(payload);
      const sig = made.get(`${key.keyid} ${digest}`) ?? proved.get(`${fingerprintOf(key) ?? ''} ${digest}`);
      if (sig !== undefined) return Buffer.from(sig, 'hex');
      throw new OperationError(
        'NO_SIGNER',
        `the response has no signature of ${user} over what the event says now: export it again (tuf-signer request export ${event})`,
      );
    },
    readPublicKey: async () => {
      if (joins === undefined) throw new OperationError('NO_SIGNER', 'the response joins nothing');
      const { keytype, scheme, public: text } = joins;
      return { keytype, scheme, public: text, place: `the response of ${user}` };
    },
    readAttestation: async () => joins?.attestation,
  };
}
