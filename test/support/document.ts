import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { projectFolder } from './cli.ts';

/** The blocks of a guide that are marked by `<!-- run: NAME -->`, by name, as they are printed there. */
export async function markedBlocks(document: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(projectFolder, document), 'utf8');
  const marked = text.matchAll(/<!-- run: (\w+) -->\n```\w+\n([^]*?)```/g);
  return new Map([...marked].map(([, name = '', body = '']) => [name, body]));
}

/** What is typed in a console block, as a script. */
export const typedIn = (block: string): string =>
  block
    .split('\n')
    .filter(line => line.startsWith('$ '))
    .map(line => line.slice(2))
    .join('\n');
