/**
 * Filter patterns of `branches:`, `tags:` and `paths:`. `*` stops at slashes, `**` does not, `?` and `+` are after a
 * character what they are in regular expressions. Source: workflow syntax, "Filter pattern cheat sheet".
 */
export function matchesPattern(pattern: string, name: string): boolean {
  const source = pattern.replaceAll(/\*\*\/?|\\.|[*.^${}()|]/gu, token => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '**') return '.*';
    if (token === '*') return '[^/]*';
    return token.startsWith('\\') ? token : `\\${token}`;
  });
  return new RegExp(`^${source}$`, 'u').test(name);
}

/** Does a list with `!` exclusions take the name? The last pattern that matches decides. */
export function takes(patterns: readonly string[], name: string): boolean {
  let taken = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (matchesPattern(negated ? pattern.slice(1) : pattern, name)) taken = !negated;
  }
  return taken;
}
