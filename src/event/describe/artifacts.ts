import { type JsonObject, jsonEqual, member } from '../../json.ts';
import { type TargetFile, targetHash } from '../../metadata/document.ts';
import type { EntryChange } from '../../repository/diff.ts';
import { changedTargets } from '../../repository/target-changes.ts';
import type { BlobDigests, TreeEntry } from '../../repository/tree.ts';
import { longId } from '../words.ts';
import { describeOthers } from './leaves.ts';
import { append, bytesText, capped, wholeText } from './text.ts';

type Files = ReadonlyMap<string, TargetFile>;

/**
 * The entries of `targets` that are new, changed and gone. Linear. A new digest is given whole: whoever compares it with
 * a build of their own must not be fooled by an artifact that was ground until its first digits fit.
 */
export function describeTargetFiles(before: Files, after: Files): readonly string[] {
  const added: string[] = [];
  const changed: string[] = [];
  const removed: string[] = [];
  let [addedBytes, changedBytes] = [0, 0];
  for (const path of changedTargets(before, after)) {
    const [old, file] = [before.get(path), after.get(path)];
    if (file === undefined) continue;
    if (old === undefined) {
      append(added, describeAdded(path, file));
      addedBytes += file.length;
    } else {
      append(changed, describeChanged(path, old, file));
      changedBytes += file.length;
    }
  }
  for (const path of before.keys()) {
    if (!after.has(path)) removed.push(`artifact ${wholeText(path)} is removed`);
  }
  return [
    ...capped(added, 'lines on new artifacts', `; the new ones have ${bytesText(addedBytes)} in all`),
    ...capped(
      changed,
      'lines on changed artifacts',
      `; the changed ones have ${bytesText(changedBytes)} in all`,
    ),
    ...capped(removed, 'removed artifacts'),
  ];
}

function describeAdded(path: string, file: TargetFile): readonly string[] {
  const name = `artifact ${wholeText(path)}`;
  return [
    `${name} is added: ${bytesText(file.length)}, ${hashesText(file.hashes)}`,
    ...othersOf(name, undefined, file),
  ];
}

function describeChanged(path: string, before: TargetFile, after: TargetFile): readonly string[] {
  const name = `artifact ${wholeText(path)}`;
  const others = othersOf(name, before, after);
  const sameHashes = jsonEqual(before.hashes, after.hashes);
  if (sameHashes && before.length === after.length) return others;
  const was = before.length === after.length ? '' : ` (it had ${bytesText(before.length)})`;
  const old = targetHash(before, 'sha256');
  const hashes = sameHashes
    ? 'the same digest'
    : `${hashesText(after.hashes)}${old === undefined ? '' : ` instead of ${longId(old)}`}`;
  return [`${name} changes: ${bytesText(after.length)}${was}, ${hashes}`, ...others];
}

const othersOf = (name: string, before: TargetFile | undefined, after: TargetFile): readonly string[] =>
  describeOthers(before, after, ['length', 'hashes']).map(what => `${name}: ${what}`);

const hashesText = (hashes: JsonObject): string =>
  Object.keys(hashes)
    .sort()
    .map(
      name =>
        `${/^[a-z0-9-]{1,20}$/.test(name) ? name : wholeText(name)} ${digestText(member(hashes, name))}`,
    )
    .join(', ');

/** Digits in full, up to those of SHA-512. */
const digestText = (digest: unknown): string =>
  typeof digest === 'string' && digest.length <= 128 ? digest : wholeText(String(digest));

/** The files below targets/ that a commit has more, less or otherwise. */
export function describeFiles(changes: readonly EntryChange[], digests: BlobDigests): readonly string[] {
  const sizeOf = (entry: TreeEntry): string => {
    const digest = digests.get(entry.oid);
    return digest === undefined ? '' : ` (${bytesText(digest.length)})`;
  };
  const sentences = changes.map(({ path, before, after }) => {
    const name = `file ${wholeText(path)}`;
    if (after === undefined) return `${name} is removed`;
    const kind = before?.mode === after.mode || after.mode === '100644' ? '' : `, ${kindOf(after.mode)}`;
    if (before === undefined) return `${name} is added${sizeOf(after)}${kind}`;
    if (before.oid === after.oid) return `${name} is now ${kindOf(after.mode)}`;
    return `${name} changes${sizeOf(after)}${kind}`;
  });
  return capped(sentences, 'files');
}

function kindOf(mode: string): string {
  switch (mode) {
    case '100644':
      return 'an ordinary file';
    case '100755':
      return 'an executable file';
    case '120000':
      return 'a symbolic link';
    case '160000':
      return 'a submodule';
    default:
      return `of mode ${mode}`;
  }
}
