import type { JsonObject } from '../json.ts';
import { withMembers } from '../json.ts';
import type { Document } from '../metadata/document.ts';
import type { Keyid } from '../metadata/names.ts';
import { serializeJson } from '../metadata/serialize.ts';

/** The document's file with `sig` (hex) under `keyid`: in the place of its placeholder, else at the end. */
export function withSignatures(document: Document, signatures: ReadonlyMap<Keyid, string>): Uint8Array {
  const left = new Map(signatures);
  const entries: JsonObject[] = document.signatures.map(({ keyid, raw }) => {
    const sig = left.get(keyid);
    if (sig === undefined) return raw;
    left.delete(keyid);
    return withMembers(raw, new Map([['sig', sig]]));
  });
  for (const [keyid, sig] of left) entries.push({ keyid, sig });
  return serializeJson(withMembers(document.raw, new Map([['signatures', entries]])));
}
