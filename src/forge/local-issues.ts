import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isJsonObject, member, parseJson } from '../json.ts';
import { ForgeError } from './error.ts';
import type { Issue, IssueName, IssueRequest } from './forge.ts';
import { inFolder, writeWhole } from './local-files.ts';
import { serializeLocal } from './local-state.ts';

interface LocalIssue extends IssueRequest {
  readonly number: number;
  readonly open: boolean;
  /** What it was closed with. */
  readonly lastWord: string;
}

export async function openOrUpdateLocal(folder: string, request: IssueRequest): Promise<Issue> {
  const all = await readAll(folder);
  const known = all.find(issue => isNamed(issue, request));
  const { marker, label, title, body } = request;
  const number = known?.number ?? all.length + 1;
  return save(folder, { number, marker, label, title, body, open: true, lastWord: '' });
}

export async function closeLocal(
  folder: string,
  name: IssueName,
  lastWord: string,
): Promise<Issue | undefined> {
  const known = (await readAll(folder)).find(issue => isNamed(issue, name));
  return known === undefined ? undefined : save(folder, { ...known, open: false, lastWord });
}

const isNamed = ({ open, marker, label }: LocalIssue, name: IssueName): boolean =>
  open && marker === name.marker && label === name.label;

const fileOf = (folder: string, number: number): string => path.join(folder, `issue-${number}.json`);

async function save(folder: string, issue: LocalIssue): Promise<Issue> {
  const file = fileOf(folder, issue.number);
  await writeWhole(file, serializeLocal(issue));
  return { number: issue.number, url: pathToFileURL(path.resolve(file)).href };
}

async function readAll(folder: string): Promise<readonly LocalIssue[]> {
  const names = await inFolder('list', folder, async () => {
    await mkdir(folder, { recursive: true });
    return readdir(folder);
  });
  const files = names.filter(name => /^issue-\d+\.json$/.test(name)).map(name => path.join(folder, name));
  return Promise.all(
    files.map(async file => parseIssue(await inFolder('read', file, () => readFile(file)), file)),
  );
}

function parseIssue(bytes: Uint8Array, file: string): LocalIssue {
  const json = parseJson(bytes);
  const bad = (what: string): ForgeError => new ForgeError('BAD_STATE', `${file}: ${what}`);
  if (!isJsonObject(json)) throw bad('has to be an object');
  const text = (name: string): string => {
    const value = member(json, name);
    if (typeof value !== 'string') throw bad(`${name} has to be a string`);
    return value;
  };
  const [number, open] = [member(json, 'number'), member(json, 'open')];
  if (typeof number !== 'number' || number < 1) throw bad('number has to be a number');
  if (typeof open !== 'boolean') throw bad('open has to be true or false');
  return {
    number,
    open,
    marker: text('marker'),
    label: text('label'),
    title: text('title'),
    body: text('body'),
    lastWord: text('lastWord'),
  };
}
