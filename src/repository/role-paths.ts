const LEVELS = 4;

/** The layout that the format gives a role: four levels below a folder of its name (FIELD notes, "On-disk format"). */
export const folderPaths = (folder: string, levels: number = LEVELS): readonly string[] =>
  Array.from({ length: levels }, (_, depth) => `${folder}${'/*'.repeat(depth + 1)}`);

/** The folder and how many levels of it, where the patterns are just that; else `undefined`. */
export function folderOf(
  paths: readonly string[],
): { readonly folder: string; readonly levels: number } | undefined {
  const folder = paths[0]?.endsWith('/*') === true ? paths[0].slice(0, -2) : '';
  const isPlain = folder !== '' && !/[*?]/.test(folder);
  const wanted = folderPaths(folder, paths.length);
  return isPlain && paths.every((path, i) => path === wanted[i])
    ? { folder, levels: paths.length }
    : undefined;
}
