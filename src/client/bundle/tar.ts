import { ClientError } from '../error.ts';

// The container of a bundle: a tar file (POSIX.1-1988 ustar; names that do not fit by POSIX.1-2001 pax headers) with
// nothing in it that could be said in two ways. So a header is read by writing what it should have been.

/** Bytes of a header, and of the unit that contents are filled up to. */
export const BLOCK = 512;
/** Eleven octal digits. */
export const MAX_SIZE: number = 8 ** 11 - 1;
const MAX_NAME = 4_096;
const MAX_SHORT_NAME = 100;
/** What stands in the place of a name that a pax header gives. */
const LONG_NAME = 'long-name';
const PAX_NAME = 'pax-header';

const FILE = 0x30;
const PAX = 0x78;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What precedes a file's content. Throws {@link ClientError} `BAD_BUNDLE` for a name or a size that can't be written. */
export function encodeHeader(name: string, size: number): Uint8Array {
  requireName(name);
  if (!Number.isSafeInteger(size) || size < 0 || size > MAX_SIZE)
    throw bad(`${quoted(name)} is too large for a bundle`);
  if (isShort(name)) return block(name, size, FILE);
  const record = paxRecord(name);
  return Buffer.concat([block(PAX_NAME, record.length, PAX), padded(record), block(LONG_NAME, size, FILE)]);
}

/** Zeros after `size` bytes of content. */
export const padding = (size: number): Uint8Array => new Uint8Array((BLOCK - (size % BLOCK)) % BLOCK);

/** Two blocks of zeros end the file. */
export const end: Uint8Array = new Uint8Array(2 * BLOCK);

export interface Entry {
  readonly name: string;
  /** Bytes of content. */
  readonly size: number;
  /** Where the content begins. */
  readonly offset: number;
}

/** Reads `length` bytes at `offset`; fewer at the end of the file. */
export type ReadAt = (offset: number, length: number) => Promise<Uint8Array>;

/** The entry whose header begins at `offset`; `undefined` at the end. Throws `BAD_BUNDLE` for anything not as {@link encodeHeader} writes it. */
export async function readEntry(readAt: ReadAt, offset: number): Promise<Entry | undefined> {
  const header = await readBlock(readAt, offset);
  if (header.every(byte => byte === 0)) return undefined;
  const size = sizeOf(header);
  if (header[156] !== PAX)
    return requireWritten({ name: shortName(header), size, offset: offset + BLOCK }, header);
  if (size > MAX_NAME + 16) throw bad('a name is too long');
  const record = await readAt(offset + BLOCK, size);
  const name = longName(record);
  const next = offset + BLOCK + size + padding(size).length;
  const file = await readBlock(readAt, next);
  const entry = { name, size: sizeOf(file), offset: next + BLOCK };
  const written = Buffer.concat([header, await readAt(offset + BLOCK, next - offset - BLOCK), file]);
  return requireWritten(entry, written);
}

export const bad = (what: string): ClientError =>
  new ClientError('BAD_BUNDLE', `this is no bundle as tuf-signer writes it: ${what}`);

function requireWritten(entry: Entry, header: Uint8Array): Entry {
  if (Buffer.compare(encodeHeader(entry.name, entry.size), header) === 0) return entry;
  throw bad(`the header of ${quoted(entry.name)} says more than a name and a size`);
}

function requireName(name: string): void {
  const unsafe =
    !name.isWellFormed() ||
    Buffer.byteLength(name) > MAX_NAME ||
    /[\\\p{Cc}]/u.test(name) ||
    name.split('/').some(segment => segment === '' || segment === '.' || segment === '..');
  if (unsafe) throw bad(`${quoted(name)} is no name of a file in it`);
}

const isShort = (name: string): boolean =>
  name.length <= MAX_SHORT_NAME && /^[ -~]+$/.test(name) && name !== LONG_NAME && name !== PAX_NAME;

function block(name: string, size: number, type: number): Uint8Array {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 'latin1');
  header.write('0000644\0', 100, 'latin1'); // mode
  header.write('0000000\0', 108, 'latin1'); // user
  header.write('0000000\0', 116, 'latin1'); // group
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.write('00000000000\0', 136, 'latin1'); // time
  header.write('        ', 148, 'latin1'); // the checksum counts as spaces
  header[156] = type;
  header.write('ustar\0', 257, 'latin1');
  header.write('00', 263, 'latin1');
  header.write('0000000\0', 329, 'latin1'); // device
  header.write('0000000\0', 337, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** `LENGTH path=NAME\n`, the length counting its own digits. Source: POSIX.1-2001, pax, "pax Extended Header". */
function paxRecord(name: string): Uint8Array {
  const rest = ` path=${name}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + String(bytes).length;
  if (String(length).length > String(bytes).length) length = bytes + String(length).length;
  return Buffer.from(`${length}${rest}`);
}

const padded = (content: Uint8Array): Uint8Array => Buffer.concat([content, padding(content.length)]);

async function readBlock(readAt: ReadAt, offset: number): Promise<Uint8Array> {
  const header = await readAt(offset, BLOCK);
  if (header.length !== BLOCK) throw bad('it ends too early');
  return header;
}

function sizeOf(header: Uint8Array): number {
  const digits = Buffer.from(header.subarray(124, 136)).toString('latin1');
  if (!/^[0-7]{11}\0$/.test(digits)) throw bad('a size is no number');
  return Number.parseInt(digits, 8);
}

function shortName(header: Uint8Array): string {
  const name = header.subarray(0, MAX_SHORT_NAME);
  const zero = name.indexOf(0);
  return Buffer.from(zero < 0 ? name : name.subarray(0, zero)).toString('latin1');
}

function longName(record: Uint8Array): string {
  let text: string;
  try {
    text = utf8.decode(record);
  } catch (error) {
    if (error instanceof TypeError) throw bad('a name is not UTF-8');
    throw error;
  }
  const [, name] = /^\d+ path=([^\n]+)\n$/.exec(text) ?? [];
  if (name === undefined || isShort(name)) throw bad('a pax header says more than a long name');
  return name;
}

const quoted = (name: string): string => JSON.stringify(name);
