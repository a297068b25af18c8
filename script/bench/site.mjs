// Serves files from memory to the clients that are measured.
import { createServer } from 'node:http';

/** `files` by path, at `url`, until `close`. */
export async function serve(files) {
  const server = createServer((request, response) => {
    const bytes = files.get(decodeURIComponent(request.url.slice(1)));
    if (bytes === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': Buffer.byteLength(bytes) }).end(bytes);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise(resolve => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${server.address().port}/`, close };
}
