import { readFileSync, statSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import type { Database } from './database.ts';

/** Serves what was deployed, as GitHub Pages does: files, `index.html` of folders, 404. No caching, no Jekyll. */
export function servePages(database: Database, url: URL, response: ServerResponse): void {
  const [, , owner = '', name = '', ...rest] = url.pathname.split('/').map(decodeURIComponent);
  const folder = database.repository(`${owner}/${name}`)?.pages?.folder;
  const path = normalize(`/${rest.join('/')}`);
  const bytes = folder === undefined ? undefined : readPage(join(folder, path));
  response.writeHead(bytes === undefined ? 404 : 200, { 'cache-control': 'max-age=600' }).end(bytes);
}

function readPage(path: string): Buffer | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return undefined;
  return found.isDirectory() ? readPage(join(path, 'index.html')) : readFileSync(path);
}
