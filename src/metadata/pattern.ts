/**
 * Does `path` match the path pattern? `*` stands for any run of characters and `?` for one, neither for `/`; everything
 * else for itself. Runs in O(pattern x path). Source: TUF specification section 4.5, "PATHPATTERN".
 */
export function matchesPattern(pattern: string, path: string): boolean {
  const patternSegments = pattern.split('/');
  const pathSegments = path.split('/');
  return (
    patternSegments.length === pathSegments.length &&
    patternSegments.every((segment, i) => matchesSegment(segment, pathSegments[i] ?? ''))
  );
}

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
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
