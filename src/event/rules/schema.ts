import { isStrictInstant } from '../../clock.ts';
import { type Document, documentType } from '../../metadata/document.ts';
import { MetadataError } from '../../metadata/error.ts';
import { publicKeyOf } from '../../metadata/key.ts';
import { ROOT, type RoleName, TARGETS } from '../../metadata/names.ts';
import { documentOf, roleFile } from '../../repository/tree.ts';
import type { Context } from '../context.ts';
import { type Finding, refuse, warn } from '../reason.ts';
import { quoted, shortId } from '../words.ts';
import { always, type Rule } from './rule.ts';

/** The largest metadata that common clients accept, in bytes. Source: python-tuf's and go-tuf's defaults (FIELD notes). */
export const clientLimits: ReadonlyMap<string, number> = new Map([
  ['root', 512_000],
  ['timestamp', 16_384],
  ['snapshot', 2_000_000],
  ['targets', 5_000_000],
]);

/** A changed document parses strictly, and a client could read it. */
export const schema: Rule = {
  id: 'schema',
  source: 'TUF 1.0.34 section 4; FIELD notes, "what they cannot verify"',
  modes: always,
  *check(context) {
    for (const [role, change] of context.changes) {
      if (change === 'unchanged' || change === 'removed') continue;
      const parsed = context.tree.documents.get(role);
      if (parsed === undefined) yield refuse(`metadata/${roleFile(role)} was not read`, role);
      else if (parsed.ok) yield* checkDocument(context, role, parsed.value);
      else yield refuse(`metadata/${roleFile(role)}: ${parsed.error.message}`, role);
    }
    for (const role of [ROOT, TARGETS]) {
      if (!context.tree.metadata.has(roleFile(role)) && !isNothingYet(context)) {
        yield refuse(`metadata/${roleFile(role)} is missing`, role);
      }
    }
  },
};

/** Neither tree has any metadata: a repository before its first event. */
const isNothingYet = (context: Context): boolean =>
  context.mode !== 'publish' && context.knownGood.metadata.size === 0 && context.tree.metadata.size === 0;

function* checkDocument(context: Context, role: RoleName, document: Document): Iterable<Finding> {
  const { signed } = document;
  if (signed.type !== documentType(role)) {
    yield refuse(`_type is ${quoted(signed.type)} where it has to be ${documentType(role)}`, role);
  }
  if (!/^1\.0(\.\d{1,4})?$/.test(signed.specVersion)) {
    yield refuse(`spec_version ${quoted(signed.specVersion)} is not 1.0 or 1.0.x`, role);
  }
  if (!isStrictInstant(signed.expires)) {
    const message = `expires ${quoted(signed.expires)} is not of the form YYYY-MM-DDTHH:MM:SSZ`;
    // An imported main has what older tools wrote, until its roles are signed anew.
    yield context.mode === 'known-good' ? warn(message, role) : refuse(message, role);
  }
  for (const key of signed.delegations.keys.values()) {
    const publicKey = publicKeyOf(key);
    if (publicKey instanceof MetadataError) yield refuse(publicKey.message, role);
    else if (publicKey.scheme.isDraft === true) {
      const { name } = publicKey.scheme;
      yield refuse(
        `key ${shortId(key.keyid)} signs by ${name}, which is a draft that few clients can verify`,
        role,
      );
    } else if (publicKey.scheme.isLegacy === true) {
      const message = `key ${shortId(key.keyid)} signs by ${publicKey.scheme.name}, which few clients can verify`;
      // An imported main has what older tools used, until its delegator is signed anew.
      yield context.mode === 'known-good' ? warn(message, role) : refuse(message, role);
    }
  }
  yield* checkSize(context, role, document);
}

function* checkSize(context: Context, role: RoleName, document: Document): Iterable<Finding> {
  const limit = clientLimits.get(documentType(role)) ?? 0;
  if (document.bytes.length <= limit) return;
  const message = `metadata/${roleFile(role)} has ${document.bytes.length} bytes, more than the ${limit} that clients accept by default`;
  const known = documentOf(context.knownGood, role);
  // Who follows a repository that is over the limit already has a client that was told so.
  const inherited = context.mode === 'known-good' || (known !== undefined && known.bytes.length > limit);
  yield inherited ? warn(message, role) : refuse(message, role);
}
