import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RepositorySimulator } from '../support/repository-simulator.ts';

export interface Loopback {
  /** As in `http://127.0.0.1:PORT/`. */
  readonly url: string;
  close(): Promise<void>;
}

/** A real web server on this machine. */
export async function serve(listener: RequestListener): Promise<Loopback> {
  const server = createServer(listener);
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Serves a simulated site. */
export const serveSite = (simulator: RepositorySimulator): Promise<Loopback> =>
  serve((request, response) => {
    const bytes = simulator.files.get((request.url ?? '').slice(1));
    response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
  });
