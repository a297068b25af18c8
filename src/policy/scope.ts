/**
 * Why `pattern` can't name paths that an event may change; `undefined` where it can. `*` and `?` as in path patterns of
 * metadata; `/**` at the end is everything below a folder. What begins with a dot is never an event's business, and with
 * it all that a forge or git obeys.
 */
export function scopePatternProblem(pattern: string): string | undefined {
  const whole = pattern.replace(/\/\*\*$/, '/_');
  if (pattern.length > 200 || !/^[ -~]+$/.test(pattern))
    return 'has to be 1 to 200 characters of plain ASCII';
  if (/[\\[\]{}!]|\*\*/.test(whole)) return 'may hold only * and ?, and ** as the last of several segments';
  const segments = whole.split('/');
  if (segments.some(segment => segment === '')) return 'starts or ends with a slash or has two in a row';
  if (segments.some(segment => segment.startsWith('.'))) return 'has a segment that begins with a dot';
  if (segments.length > 1 && /[*?]/.test(segments[0] ?? ''))
    return 'has to begin with the plain name of a folder';
  if (/^(metadata|targets)(\/|$)/i.test(pattern)) return 'is what events are about: it need not be allowed';
  if (/^tuf-signer\.yml(\/|$)/i.test(pattern)) return 'is the policy itself, which rule policy guards';
  return undefined;
}

/** The top folders that these patterns look into. */
export const foldersOf = (patterns: readonly string[]): ReadonlySet<string> =>
  new Set(patterns.filter(pattern => pattern.includes('/')).map(pattern => pattern.replace(/\/.*$/, '')));
