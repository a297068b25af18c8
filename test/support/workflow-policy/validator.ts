import { pathToFileURL } from 'node:url';
import type { validate } from '@actions/languageservice';
import { build } from 'esbuild';
import type { TextDocument } from 'vscode-languageserver-textdocument';

/** What the two packages export, as far as it is used here. */
export interface Validator {
  readonly validate: typeof validate;
  readonly TextDocument: typeof TextDocument;
}

/** Loads GitHub's own validator. It imports JSON in a way that Node refuses, so that it is bundled first, into `folder`. */
export async function loadValidator(folder: string): Promise<Validator> {
  const outfile = `${folder}/validator.mjs`;
  const contents =
    "export { validate } from '@actions/languageservice'; export { TextDocument } from 'vscode-languageserver-textdocument';";
  await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  return (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as Validator;
}
