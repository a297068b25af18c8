import { createServer } from 'node:http';
import { directoryFetcher } from '../../src/client/directory.ts';
import { ClientError } from '../../src/client/error.ts';

export interface StaticServer extends AsyncDisposable {
  /** With a slash at its end. */
  readonly url: string;
}

const MAX_FILE = 64 * 1024 * 1024;

/** Serves a folder over HTTP on this machine only, at a port that is free. */
export async function serveFolder(folder: string): Promise<StaticServer> {
  const files = directoryFetcher(folder);
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').replace(/^\//, '').replace(/[?#].*$/, '');
    files
      .fetch(path === '' ? 'index.html' : path, MAX_FILE)
      .then(bytes => {
        response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
      })
      .catch((error: unknown) => {
        if (!(error instanceof ClientError)) throw error;
        response.writeHead(404).end();
      });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise(resolve => void server.close(resolve));
    },
  };
}
