import { createRequire } from 'node:module';
import { join } from 'node:path';
import { packageFolder } from './package-folder.ts';

interface Manifest {
  readonly version: string;
}

/** The version of this package, as package.json says. */
export const version: string = (
  createRequire(import.meta.url)(join(packageFolder, 'package.json')) as Manifest
).version;
