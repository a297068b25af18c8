import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldCase } from '../../src/metadata/names.ts';
import { hashedName } from '../../src/repository/layout.ts';
import {
  folderLikePublished,
  publishedClashes,
  publishedNameProblem,
  publishedPathProblem,
} from '../../src/repository/published-names.ts';

/** A file system that folds case or not. Throws where a file stands in the way. */
class Files {
  readonly #fold: (path: string) => string;
  readonly #folders = new Set<string>();
  readonly #files = new Set<string>();

  constructor(fold: (path: string) => string) {
    this.#fold = fold;
  }

  /** Can the file be made? The same one twice can not. */
  make(path: string): boolean {
    const name = this.#fold(path);
    if (this.#files.has(name) || this.#folders.has(name)) return false;
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      if (this.#files.has(name.slice(0, at))) return false;
      this.#folders.add(name.slice(0, at));
    }
    this.#files.add(name);
    return true;
  }
}

const holdsAll = (paths: readonly string[], fold: (path: string) => string): boolean => {
  const files = new Files(fold);
  return paths.every(path => files.make(path));
};

const digest = fc.constantFrom('ab', 'cd', 'abcd', '10');
const name = fc.constantFrom('x', 'X', 'ab', 'x.y', '\u03c3', '\u03c2', '\u03a3.x');
const segment = fc.oneof(
  name,
  fc.tuple(digest, name).map(([hex, file]) => `${hex}.${file}`),
  fc.tuple(digest, digest, name).map(([one, two, file]) => `${one.toUpperCase()}.${two}.${file}`),
);
const path = fc.array(segment, { minLength: 1, maxLength: 3 }).map(segments => segments.join('/'));
const signed = fc.tuple(path, fc.uniqueArray(digest, { minLength: 1, maxLength: 2 }));

describe('what artifacts are published as', () => {
  it.each([
    ['folds case', foldCase],
    ['does not', (text: string): string => text],
  ] as const)('is all there at once just where no clash is told, on a file system that %s', (_, fold) => {
    let [clean, clashing] = [0, 0];
    fc.assert(
      fc.property(fc.array(signed, { minLength: 1, maxLength: 5 }), list => {
        const artifacts = new Map(list);
        // Artifacts that collide as they are have a refusal of their own.
        fc.pre(holdsAll([...artifacts.keys()], foldCase));
        const published = [...artifacts].flatMap(([path, digests]) =>
          digests.map(hex => hashedName(path, hex)),
        );
        const clashes = [...publishedClashes(artifacts, path => artifacts.get(path) ?? [])];
        if (clashes.length === 0) expect(holdsAll(published, fold)).toBe(true);
        for (const clash of clashes) {
          // The folder need not hold a file that is published: it is enough that one could be.
          expect(foldCase(hashedName(clash.path, clash.digest))).toBe(foldCase(clash.folder));
          expect(clash.below.startsWith(`${clash.folder}/`)).toBe(true);
          expect(holdsAll(published, foldCase)).toBe(false);
        }
        if (clashes.length === 0) clean++;
        else clashing++;
      }),
      { numRuns: 3_000 },
    );
    expect(Math.min(clean, clashing)).toBeGreaterThan(10);
  });

  it('is looked at in no time where there are 100,000', () => {
    const hex = 'ab'.repeat(32);
    const artifacts = new Map<string, readonly string[]>(
      Array.from(
        { length: 100_000 },
        (_, i) => [`packages/${i % 1_000}/1.0.${i}/${hex}.tar`, [hex]] as const,
      ),
    );
    const start = performance.now();
    expect([...publishedClashes(artifacts, path => artifacts.get(path) ?? [])]).toEqual([]);
    expect(performance.now() - start).toBeLessThan(500);
  });

  it.each([
    ['a/b', 64, undefined],
    [`${'d'.repeat(255)}/${'a'.repeat(190)}`, 64, undefined],
    ['a'.repeat(191), 64, 'file name of 256 bytes'],
    ['\u00e9'.repeat(95), 64, undefined],
    ['\u00e9'.repeat(96), 64, 'file name of 257 bytes'],
    ['a', 253, undefined],
    ['a', 254, 'file name of 256 bytes'],
  ])('%j under %d digits: %s', (path, digits, problem) => {
    const found = publishedNameProblem(path, digits);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });

  it.each([
    ['a/'.repeat(443), 64, undefined],
    [`${'a/'.repeat(443)}a`, 64, undefined],
    [`${'a/'.repeat(443)}aa`, 64, 'path of 961 bytes'],
    [`${'\u00e9/'.repeat(300)}a`, 64, 'path of 974 bytes'],
  ])('%j as a whole under %d digits: %s', (path, digits, problem) => {
    const found = publishedPathProblem(path, digits);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });

  const hex = 'ab'.repeat(32);
  it.each([
    [`${hex}.x/y`, `${hex}.x`],
    [`a/${hex.toUpperCase()}.x.y/y/z`, `a/${hex.toUpperCase()}.x.y`],
    [`a/${hex}${hex}.x/y`, `a/${hex}${hex}.x`],
    [`a/${hex}0.x/y`, `a/${hex}0.x`],
    [`a/${hex}.x`, undefined],
    [`a/${hex}/y`, undefined],
    [`a/x${hex}.x/y`, undefined],
    [`a/${hex.slice(1)}.x/y`, undefined],
  ])('%s is in a folder of such a name: %s', (path, folder) => {
    expect(folderLikePublished(path)).toBe(folder);
  });
});
