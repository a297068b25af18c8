import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ruleIds } from '../../../src/event/reason.ts';
import { rules } from '../../../src/event/rules/table.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const tests = readdirSync(here)
  .filter(name => name.endsWith('.test.ts') && name !== 'table.test.ts')
  .map(name => readFileSync(`${here}${name}`, 'utf8'))
  .join('\n');

describe('the table of rules', () => {
  // What such a table has to hold is checked by ruleTable itself.
  it.each(rules)('$id has a table of cases', ({ id }) => {
    expect(tests.includes(`ruleTable('${id}'`)).toBe(true);
  });

  it('holds each rule once, in the order in which reasons are told', () => {
    expect(rules.map(({ id }) => id)).toEqual(ruleIds);
  });

  it.each(rules)('$id names its source and applies to events', ({ source, modes }) => {
    expect(source).not.toBe('');
    expect(modes).toContain('event');
  });
});
