/**
 * Does a person's pattern match a whole target path? `*` is any run of characters and `?` any one, slashes among them, as
 * in TAP 4: not as in delegations, where neither matches a slash. Takes time in proportion to the product of the lengths.
 */
export function matchesGlob(pattern: string, path: string): boolean {
  let [p, s, star, from] = [0, 0, -1, 0];
  while (s < path.length) {
    if (pattern[p] === '*') {
      star = p++;
      from = s;
    } else if (pattern[p] === '?' || pattern[p] === path[s]) {
      p++;
      s++;
    } else if (star >= 0) {
      // Let the last star take one character more.
      p = star + 1;
      s = ++from;
    } else return false;
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}
