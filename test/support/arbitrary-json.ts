import * as fc from 'fast-check';
import type { JsonValue } from '../../src/json.ts';

const name = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', '1', '10', '9', '\u{1f600}', '\ufffd', '\ud7ff'),
);

/** Any value that `parseJson` can give: well-formed text, integers, and names that JavaScript orders in its own way. */
export const arbitraryJson: fc.Arbitrary<JsonValue> = fc.letrec<{ value: JsonValue }>(tie => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map(n => n + 0),
    fc.string({ unit: 'binary' }),
    fc.array(tie('value')),
    fc.array(fc.tuple(name, tie('value'))).map(members => Object.fromEntries(new Map(members)) as JsonValue),
  ),
})).value;
