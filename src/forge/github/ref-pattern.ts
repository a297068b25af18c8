/** Which branches a ruleset is about, in its own words. */
export interface RefCondition {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Does the ruleset hold for this branch? Source: docs.github.com, "Creating rulesets", fnmatch syntax. */
export const holdsFor = ({ include, exclude }: RefCondition, branch: string, main: string): boolean => {
  const isNamed = (pattern: string): boolean => names(pattern, branch, main);
  return include.some(isNamed) && !exclude.some(isNamed);
};

function names(pattern: string, branch: string, main: string): boolean {
  if (pattern === '~ALL') return true;
  if (pattern === '~DEFAULT_BRANCH') return branch === main;
  return matches(pattern.replace(/^refs\/heads\//, ''), branch);
}

/**
 * Ruby's File.fnmatch with FNM_PATHNAME: `*` and `?` stop at slashes, two stars and a slash are any number of folders. Each
 * place is looked at once: as a regular expression a hostile pattern could run for hours.
 */
function matches(pattern: string, text: string): boolean {
  const seen = new Set<number>();
  const from = (at: number, position: number): boolean => {
    const place = at * (text.length + 1) + position;
    if (seen.has(place)) return false;
    seen.add(place);
    if (at === pattern.length) return position === text.length;
    if (pattern.startsWith('**/', at))
      return from(at + 3, position) || nextFolders(text, position).some(next => from(at + 3, next));
    const letter = text[position];
    const inName = letter !== undefined && letter !== '/';
    if (pattern[at] === '*') return from(at + 1, position) || (inName && from(at, position + 1));
    return (pattern[at] === '?' ? inName : pattern[at] === letter) && from(at + 1, position + 1);
  };
  return from(0, 0);
}

/** Where the names after each slash begin. */
const nextFolders = (text: string, position: number): readonly number[] =>
  [...text.slice(position).matchAll(/\//g)].map(({ index }) => position + index + 1);
