import { MAX_TARGET_PATH } from './names.ts';

/**
 * Does `path` match the path pattern? `*` stands for any run of characters and `?` for one, neither for `/`; everything
 * else for itself. A path too long to be a target path matches nothing, which bounds the work by the length of the
 * pattern. Source: TUF specification section 4.5, "PATHPATTERN".
 */
export function matchesPattern(pattern: string, path: string): boolean {
  if (path.length > MAX_TARGET_PATH) return false;
  const literal = sharedStart(pattern, path);
  if (literal === undefined) return false;
  // A folder's files, as most patterns say: what is before the star is shared, and the rest is one name.
  if (literal === pattern.length - 1 && pattern.charCodeAt(literal) === STAR)
    return path.indexOf('/', literal) < 0;
  const patternSegments = pattern.split('/');
  const pathSegments = path.split('/');
  return (
    patternSegments.length === pathSegments.length &&
    patternSegments.every((segment, i) => matchesSegment(segment, pathSegments[i] ?? ''))
  );
}

/**
 * Is there a path that both patterns match? Two segments that are too long to find out about in good time are taken to
 * overlap.
 */
export function patternsOverlap(a: string, b: string): boolean {
  const [one, other] = [a.split('/'), b.split('/')];
  return one.length === other.length && one.every((segment, i) => segmentsOverlap(segment, other[i] ?? ''));
}

const MAX_OVERLAP_STEPS = 65_536;

function segmentsOverlap(a: string, b: string): boolean {
  if (!/[*?]/.test(a) || !/[*?]/.test(b)) return matchesSegment(a, b) || matchesSegment(b, a);
  if (a.length * b.length > MAX_OVERLAP_STEPS) return true;
  // By characters, as a `?` is one. A row says how much of b may be used up by as much of a.
  const rest = Array.from(b);
  let row = starsFrom(rest, new Set([0]));
  for (const wanted of a) {
    const next = new Set<number>();
    for (const at of row) {
      if (wanted === '*') for (let end = at; end <= rest.length; end++) next.add(end);
      else if (rest[at] === '*') next.add(at);
      else if (at < rest.length && (wanted === '?' || rest[at] === '?' || wanted === rest[at]))
        next.add(at + 1);
    }
    row = starsFrom(rest, next);
  }
  return row.has(rest.length);
}

/** A star may stand for nothing. */
function starsFrom(text: readonly string[], places: Set<number>): Set<number> {
  for (const at of places) if (text[at] === '*') places.add(at + 1);
  return places;
}

const STAR = 0x2a;
const QUESTION_MARK = 0x3f;

/**
 * How much stands before the pattern's first wildcard, where the path begins with it; `undefined` where it does not. Most patterns
 * differ from most paths there: a search asks for each path of each of them.
 */
function sharedStart(pattern: string, path: string): number | undefined {
  for (let i = 0; i < pattern.length; i++) {
    const unit = pattern.charCodeAt(i);
    if (unit === STAR || unit === QUESTION_MARK) return i;
    if (unit !== path.charCodeAt(i)) return undefined;
  }
  return pattern.length;
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
