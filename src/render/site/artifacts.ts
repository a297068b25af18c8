import type { SiteView } from './view.ts';

/**
 * The artifacts as JSON for the page's search, in printable ASCII without `<`, so that nothing in it ends its element:
 * `[[role, [[shared, rest, length], …]], …]`. A path is the first `shared` UTF-16 units of the one before it, and `rest`: 100,000 of
 * them take a third of the space.
 */
export function packArtifacts(artifacts: SiteView['artifacts']): string {
  const groups: string[] = [];
  for (const [role, files] of artifacts) {
    let before = '';
    const rows: string[] = [];
    for (const [path, length] of files) {
      const shared = sharedLength(before, path);
      before = path;
      rows.push(`[${shared},${quoted(path.slice(shared))},${length}]`);
    }
    groups.push(`[${quoted(role)},[${rows.join(',')}]]`);
  }
  return `[${groups.join(',')}]`;
}

const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[^ !-;=-~]/g,
    unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a.charCodeAt(length) === b.charCodeAt(length)) length++;
  return length;
}
