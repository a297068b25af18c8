import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { contractOf, type PolicyFile, parsePolicyFile } from './file.ts';
import type { Contracts } from './uses.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A file of this project, by its path in it. */
export const readProject = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const yamlBelow = (folder: string): readonly string[] =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .map(file => path.posix.join(folder, file.replaceAll('\\', '/')))
    .filter(file => /\.ya?ml$/.test(file))
    .sort();

/** Workflows that people copy. */
export const TEMPLATES: readonly string[] = [
  ...yamlBelow('workflows-template/workflows'),
  ...yamlBelow('workflows-template/optional'),
];
/** This project's own. */
export const OWN_WORKFLOWS: readonly string[] = yamlBelow('.github/workflows');
export const ACTIONS: readonly string[] = ['action.yml', ...yamlBelow('actions')];

export const readPolicyFile = (file: string): PolicyFile => parsePolicyFile(file, readProject(file));

export const contracts = (): Contracts =>
  new Map(
    ACTIONS.map(file => [
      file === 'action.yml' ? '' : path.posix.dirname(file),
      contractOf(readPolicyFile(file)),
    ]),
  );
