import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { OperationError } from '../error.ts';
import { type ActionsReference, fillIn, type TemplateFile } from './template.ts';

/** A file as it should be in a checkout, beside what is there. */
export interface PlannedFile {
  readonly path: string;
  readonly text: string;
  /** `own`: somebody has one, and the template only offers a start. */
  readonly state: 'new' | 'same' | 'differs' | 'own';
  /** Lines of `differs` that would go and come: untrusted. */
  readonly goes: readonly string[];
  readonly comes: readonly string[];
}

/** Compares the template with the checkout at `top`. Writes nothing. Throws {@link OperationError} `REFUSED`. */
export async function planFiles(
  top: string,
  template: readonly TemplateFile[],
  actions: ActionsReference,
  owner: string,
): Promise<readonly PlannedFile[]> {
  const planned: PlannedFile[] = [];
  for (const file of template) {
    if (file.kind === 'ruleset') continue;
    const { path } = file;
    const text = fillIn(file, actions, owner);
    const there = await readInside(top, path);
    if (there === undefined) planned.push({ path, text, state: 'new', goes: [], comes: [] });
    else if (there === text) planned.push({ path, text, state: 'same', goes: [], comes: [] });
    else if (file.kind === 'start') planned.push({ path, text, state: 'own', goes: [], comes: [] });
    else planned.push({ path, text, state: 'differs', ...difference(there, text) });
  }
  return planned;
}

/** Writes one planned file. Throws {@link OperationError} `REFUSED` as {@link planFiles}. */
export async function writePlanned(top: string, { path, text }: PlannedFile): Promise<void> {
  await requireInside(top, path);
  await mkdir(dirname(join(top, path)), { recursive: true });
  await writeFile(join(top, path), text);
}

async function readInside(top: string, path: string): Promise<string | undefined> {
  return (await requireInside(top, path)) ? readFile(join(top, path), 'utf8') : undefined;
}

/**
 * Is there a file? A checkout is somebody else's: where it holds a symbolic link, what is written would land where they
 * like.
 */
async function requireInside(top: string, path: string): Promise<boolean> {
  const parts = path.split('/');
  for (const [at] of parts.entries()) {
    const part = parts.slice(0, at + 1).join('/');
    const stat = await lstat(join(top, part)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (stat === undefined) return false;
    if (at === parts.length - 1 ? !stat.isFile() : !stat.isDirectory())
      throw new OperationError(
        'REFUSED',
        `${part} of the checkout is no plain ${at === parts.length - 1 ? 'file' : 'folder'}: remove it first`,
      );
  }
  return true;
}

function difference(there: string, text: string): Pick<PlannedFile, 'goes' | 'comes'> {
  const [old, fresh] = [there, text].map(whole => whole.split(/\r?\n/));
  const without = (lines: readonly string[] = [], others: readonly string[] = []): readonly string[] => {
    const known = new Set(others);
    return lines.filter(line => line.trim() !== '' && !known.has(line));
  };
  return { goes: without(old, fresh), comes: without(fresh, old) };
}
