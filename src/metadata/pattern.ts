import { MAX_TARGET_PATH } from './names.ts';

/**
 * Does `path` match the path pattern? `*` stands for any run of characters and `?` for one, neither for `/`; everything
 * else for itself. A path too long to be a target path matches nothing, which bounds the work by the length of the
 * pattern. Source: TUF specification section 4.5, "PATHPATTERN".
 */
export function matchesPattern(pattern: string, path: string): boolean {
  if (path.length > MAX_TARGET_PATH || !sharesStart(pattern, path)) return false;
  const patternSegments = pattern.split('/');
  const pathSegments = path.split('/');
  return (
    patternSegments.length === pathSegments.length &&
    patternSegments.every((segment, i) => matchesSegment(segment, pathSegments[i] ?? ''))
  );
}

/** Most patterns differ from most paths before their first wildcard: a search asks for each path of each of them. */
function sharesStart(pattern: string, path: string): boolean {
  for (let i = 0; i < pattern.length; i++) {
    const unit = pattern[i];
    if (unit === '*' || unit === '?') return true;
    if (unit !== path[i]) return false;
  }
  return true;
}

/** As {@link matchesPattern}, but for clients whose `*` and `?` stand for `/` too. */
export const matchesAcross = (pattern: string, path: string): boolean =>
  path.length <= MAX_TARGET_PATH && matchesSegment(pattern, path);

/** Greedy matching that goes back to the last star only, so that no pattern is slow. */
function matchesSegment(pattern: string, text: string): boolean {
  let p = 0;
  let t = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.length && pattern[p] === '?') {
      p++;
      t += characterLength(text, t);
    } else if (p < pattern.length && pattern[p] === text[t]) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      resume += characterLength(text, resume);
      t = resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** UTF-16 units of the character at `index`: `?` is one character, as in Python and Go, and not half of one. */
const characterLength = (text: string, index: number): number =>
  (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
