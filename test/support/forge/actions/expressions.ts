import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { WorkflowError } from './fields.ts';
import { takes } from './glob.ts';

/** What an expression is evaluated in. A context that is not named is one that GitHub does not have at that place. */
export interface Scope {
  readonly contexts: ReadonlyMap<string, unknown>;
  readonly status?: 'success' | 'failure' | 'cancelled' | 'skipped';
  /** Where `hashFiles` looks. */
  readonly workspace?: string;
}

/** By GitHub's own evaluator. Throws {@link WorkflowError} where the expression is none. */
export function evaluate(expression: string, scope: Scope): unknown {
  return plain(evaluateData(expression, scope));
}

type Data = data.ExpressionData;
const STATUS_FUNCTIONS: ReadonlySet<string> = new Set(['success', 'failure', 'always', 'cancelled']);

function evaluateData(expression: string, scope: Scope): Data {
  const functions = new Map(
    [...statusFunctions(scope), hashFiles(scope)].map(one => [one.name.toLowerCase(), one]),
  );
  try {
    const { tokens } = new Lexer(expression).lex();
    const tree = new Parser(tokens, [...scope.contexts.keys()], [...functions.values()]).parse();
    const contexts = [...scope.contexts].map(([key, value]) => ({ key, value: toData(value) }));
    return new Evaluator(tree, new data.Dictionary(...contexts), functions).evaluate();
  } catch (error) {
    if (error instanceof Error) throw new WorkflowError(`${expression}: ${error.message}`, { cause: error });
    throw error;
  }
}

interface NativeFunction {
  readonly name: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  readonly call: (...args: Data[]) => Data;
}

function statusFunctions({ status }: Scope): readonly NativeFunction[] {
  if (status === undefined) return [];
  const define = (name: string, value: boolean): NativeFunction => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  });
  return [
    define('success', status === 'success'),
    define('failure', status === 'failure'),
    define('cancelled', status === 'cancelled'),
    define('always', true),
  ];
}

/** SHA-256 of the SHA-256 of each file that matches, in order of their names; empty where there is none. */
const hashFiles = ({ workspace }: Scope): NativeFunction => ({
  name: 'hashFiles',
  minArgs: 1,
  maxArgs: 255,
  call: (...patterns) => {
    const folder = workspace ?? '';
    if (!existsSync(folder)) return new data.StringData('');
    const wanted = patterns.map(pattern => pattern.coerceString());
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .filter(file => !file.startsWith('.git/') && takes(wanted, file))
      .sort();
    if (files.length === 0) return new data.StringData('');
    const hash = createHash('sha256');
    for (const file of files)
      hash.update(
        createHash('sha256')
          .update(readFileSync(join(folder, file)))
          .digest(),
      );
    return new data.StringData(hash.digest('hex'));
  },
});

const remembered = new WeakMap<object, Data>();

/** Plain values, Maps and lists as the evaluator has them. Plain objects are taken to be frozen: they are remembered. */
function toData(value: unknown): Data {
  if (value === null || value === undefined) return new data.Null();
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  if (typeof value !== 'object') throw new WorkflowError(`no value of an expression: ${typeof value}`);
  const known = remembered.get(value);
  if (known !== undefined) return known;
  const isMap = value instanceof Map;
  const made = Array.isArray(value)
    ? new data.Array(...value.map(toData))
    : new data.Dictionary(
        ...[...(isMap ? (value as ReadonlyMap<string, unknown>) : Object.entries(value))].map(
          ([key, item]) => ({
            key,
            value: toData(item),
          }),
        ),
      );
  if (!isMap && !Array.isArray(value)) remembered.set(value, made);
  return made;
}

const plain = (value: Data): unknown => {
  const text = JSON.stringify(value, (key, item: Data) => data.replacer(key, item));
  return JSON.parse(text) as unknown;
};

interface Piece {
  readonly text: string;
  readonly isExpression: boolean;
}

/** Splits at `${{ }}`; quotes inside an expression may hold the closing braces. */
function* pieces(text: string): Iterable<Piece> {
  let at = 0;
  for (let open = text.indexOf('${{'); open >= 0; open = text.indexOf('${{', at)) {
    if (open > at) yield { text: text.slice(at, open), isExpression: false };
    const inner = /^(?:[^'}]|'[^']*'|\}(?!\}))*/.exec(text.slice(open + 3))?.[0] ?? '';
    const close = open + 3 + inner.length;
    if (!text.startsWith('}}', close)) throw new WorkflowError(`${text}: the expression is not closed`);
    yield { text: inner.trim(), isExpression: true };
    at = close + 2;
  }
  if (at < text.length) yield { text: text.slice(at), isExpression: false };
}

/** A text with its expressions put in. */
export const interpolate = (text: string, scope: Scope): string =>
  [...pieces(text)]
    .map(piece => (piece.isExpression ? evaluateData(piece.text, scope).coerceString() : piece.text))
    .join('');

/** A value whose texts may be expressions: one that is nothing else keeps its type, as `matrix: ${{ fromJSON() }}`. */
export function resolveValue(value: unknown, scope: Scope): unknown {
  if (typeof value === 'string') {
    const [only, ...rest] = pieces(value);
    return only?.isExpression === true && rest.length === 0
      ? evaluate(only.text, scope)
      : interpolate(value, scope);
  }
  if (Array.isArray(value)) return value.map(item => resolveValue(item, scope));
  if (value instanceof Map)
    return new Map(
      [...(value as ReadonlyMap<string, unknown>)].map(([key, item]) => [key, resolveValue(item, scope)]),
    );
  return value;
}

export const interpolateAll = (
  values: ReadonlyMap<string, string>,
  scope: Scope,
): ReadonlyMap<string, string> => new Map([...values].map(([key, text]) => [key, interpolate(text, scope)]));

/** An `if:`. Without a status function `success()` is asked as well. Source: "Expressions", status check functions. */
export function isMet(text: string | undefined, scope: Scope): boolean {
  const source = (text ?? '').trim();
  const [only, ...rest] = pieces(source);
  const isWhole = only?.isExpression === true && rest.length === 0;
  if (source.includes('${{') && !isWhole) {
    // Text around an expression makes a string of it, which is true unless empty.
    return scope.status === 'success' && interpolate(source, scope) !== '';
  }
  const expression = isWhole ? only.text : source;
  if (expression === '') return scope.status === 'success';
  const value = evaluateData(expression, scope);
  const truth = isTrue(value);
  return namesStatus(expression) ? truth : truth && scope.status === 'success';
}

const isTrue = (value: Data): boolean => {
  const result = plain(value);
  return result !== false && result !== null && result !== '' && result !== 0;
};

function namesStatus(expression: string): boolean {
  const { tokens } = new Lexer(expression).lex();
  return tokens.some(
    (token, at) => STATUS_FUNCTIONS.has(token.lexeme.toLowerCase()) && tokens[at + 1]?.lexeme === '(',
  );
}
