import { createRequire } from 'node:module';

interface Manifest {
  readonly version: string;
}

/** The version of this package, as package.json says. */
export const version: string = (createRequire(import.meta.url)('../package.json') as Manifest).version;
