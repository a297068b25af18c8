import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Token } from './model.ts';
import type { Tokens } from './tokens.ts';

export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'bad' }
  | { readonly kind: 'good'; readonly text: string; readonly token: Token };

/** `Authorization: token T`, `Bearer T`, or Basic with the token as password, as git sends it. */
export function readCredentials(request: IncomingMessage, tokens: Tokens): Credentials {
  const { authorization } = request.headers;
  if (authorization === undefined) return { kind: 'none' };
  const [, scheme = '', value = ''] = /^(\S+)\s+(\S+)$/.exec(authorization) ?? [];
  const basic = Buffer.from(value, 'base64').toString('utf8');
  const text = scheme.toLowerCase() === 'basic' ? basic.slice(basic.indexOf(':') + 1) : value;
  const token = tokens.find(text);
  return token === undefined ? { kind: 'bad' } : { kind: 'good', text, token };
}

export function writeJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    ...(bytes === undefined
      ? {}
      : { 'content-type': 'application/json; charset=utf-8', 'content-length': bytes.length }),
    ...headers,
  });
  response.end(bytes);
}
