import { Composer, type CST, isMap, isScalar, isSeq, LineCounter, Parser } from 'yaml';
import type { JsonValue } from '../json.ts';
import { PolicyError } from './error.ts';

/** Bytes. The largest part of a policy is certificates. */
const MAX_BYTES = 32 * 1024;
/** Nesting of lists and mappings. The schema needs three. */
const MAX_DEPTH = 12;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Where something stands: both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** YAML without types: a scalar is its text, whatever it looks like. */
export type YamlNode =
  | { readonly kind: 'text'; readonly at: Place; readonly text: string }
  | { readonly kind: 'list'; readonly at: Place; readonly items: readonly YamlNode[] }
  | { readonly kind: 'map'; readonly at: Place; readonly entries: ReadonlyMap<string, YamlEntry> };

export interface YamlEntry {
  /** Of the name. */
  readonly at: Place;
  readonly value: YamlNode;
}

export const errorAt = (
  { line, column }: Place,
  code: 'POLICY_SYNTAX' | 'POLICY_SCHEMA',
  what: string,
): PolicyError => new PolicyError(code, `line ${line}, column ${column}: ${what}`);

/**
 * Parses the plain part of YAML 1.2 that a person needs to state a policy: one document of mappings, lists and text.
 * Anchors, aliases, tags, directives, merge keys and names that stand twice are refused, so that every reader reads the
 * same. Throws {@link PolicyError} `POLICY_SIZE`, `POLICY_ENCODING`, `POLICY_SYNTAX`.
 */
export function parseYaml(bytes: Uint8Array): YamlNode {
  if (bytes.length > MAX_BYTES) {
    throw new PolicyError('POLICY_SIZE', `the file has ${bytes.length} bytes, more than ${MAX_BYTES}`);
  }
  const text = decodeText(bytes);
  const lines = new LineCounter();
  const placeOf = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  for (const token of tokens) requirePlain(token, placeOf);
  const options = {
    version: '1.2',
    schema: 'failsafe',
    strict: true,
    uniqueKeys: true,
    stringKeys: true,
  } as const;
  const [document, ...others] = new Composer({ ...options, logLevel: 'silent' }).compose(
    tokens,
    true,
    text.length,
  );
  const [problem] = document === undefined ? [] : [...document.errors, ...document.warnings];
  if (problem !== undefined)
    throw errorAt(placeOf(problem.pos[0]), 'POLICY_SYNTAX', firstLine(problem.message));
  const contents = document?.contents;
  const second = others[0];
  if (second !== undefined) {
    throw errorAt(placeOf(second.range[0]), 'POLICY_SYNTAX', 'a second document: one is enough');
  }
  if (contents === null || contents === undefined)
    throw errorAt(placeOf(0), 'POLICY_SYNTAX', 'the file says nothing');
  return convert(contents, placeOf);
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new PolicyError('POLICY_ENCODING', 'the file is not valid UTF-8', { cause });
  }
}

/** The parser's own word, which quotes the file: in printable ASCII, cut to 200 characters. */
const firstLine = (message: string): string =>
  inAscii(message.split('\n', 1).join('').replace(/:$/, '').slice(0, 200));

type PlaceOf = (offset: number) => Place;

/** What makes YAML more than it seems. Each is a token of its own. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  ['anchor', 'an anchor (&name)'],
  ['alias', 'an alias (*name)'],
  ['tag', 'a tag (!name)'],
  ['directive', 'a directive (%NAME)'],
]);

/** Without recursion: a hostile file nests as deep as it has bytes, and what comes after this does recurse. */
function requirePlain(top: CST.Token, placeOf: PlaceOf): void {
  const open: { readonly token: CST.Token; readonly depth: number }[] = [{ token: top, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    const refused = REFUSED.get(token.type);
    if (refused !== undefined) {
      throw errorAt(placeOf(token.offset), 'POLICY_SYNTAX', `${refused} is not taken in a policy`);
    }
    if (depth > MAX_DEPTH) {
      throw new PolicyError('POLICY_SIZE', `the file nests deeper than ${MAX_DEPTH} lists and mappings`);
    }
    for (const inner of partsOf(token)) open.push({ token: inner, depth: depth + 1 });
  }
}

function partsOf(token: CST.Token): readonly CST.Token[] {
  if (token.type === 'document') return [...token.start, ...present(token.value), ...(token.end ?? [])];
  if (token.type === 'block-scalar') return token.props;
  if (token.type !== 'block-map' && token.type !== 'block-seq' && token.type !== 'flow-collection') return [];
  return token.items.flatMap(({ start, key, sep, value }) => [
    ...start,
    ...present(key),
    ...(sep ?? []),
    ...present(value),
  ]);
}

const present = (token: CST.Token | null | undefined): readonly CST.Token[] =>
  token === null || token === undefined ? [] : [token];

function convert(node: unknown, placeOf: PlaceOf): YamlNode {
  if (isScalar(node)) {
    return {
      kind: 'text',
      at: placeOf(node.range?.[0] ?? 0),
      text: typeof node.value === 'string' ? node.value : '',
    };
  }
  if (isSeq(node)) {
    const items = node.items.map(item => convert(item, placeOf));
    return { kind: 'list', at: placeOf(node.range?.[0] ?? 0), items };
  }
  if (!isMap(node)) throw errorAt(placeOf(0), 'POLICY_SYNTAX', 'neither text nor list nor mapping');
  const at = placeOf(node.range?.[0] ?? 0);
  const entries = new Map<string, YamlEntry>();
  for (const { key, value } of node.items) {
    const name = convert(key, placeOf);
    if (name.kind !== 'text') throw errorAt(name.at, 'POLICY_SYNTAX', 'a name has to be text');
    if (entries.has(name.text))
      throw errorAt(name.at, 'POLICY_SYNTAX', `${quote(name.text)} stands here twice`);
    const found = value === null ? { kind: 'text' as const, at: name.at, text: '' } : convert(value, placeOf);
    entries.set(name.text, { at: name.at, value: found });
  }
  return { kind: 'map', at, entries };
}

/** An untrusted text in printable ASCII, cut to 60 characters. */
export const quote = (text: string): string => inAscii(JSON.stringify(text.slice(0, 60)));

const inAscii = (text: string): string =>
  text.replace(/[^ -~]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** The same as JSON: for a description of what changed. */
export function asJson(node: YamlNode): JsonValue {
  switch (node.kind) {
    case 'text':
      return node.text;
    case 'list':
      return node.items.map(asJson);
    case 'map':
      return Object.fromEntries([...node.entries].map(([name, { value }]) => [name, asJson(value)]));
    default:
      return node satisfies never;
  }
}
