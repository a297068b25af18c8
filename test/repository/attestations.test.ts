import { describe, expect, it } from 'vitest';
import { neededAttestations } from '../../src/repository/attestations.ts';
import { keyOf, repositoryOf, type TestRepository } from '../support/tree-builder.ts';

const file = (name: string): string => `metadata/attestations/${keyOf(name).keyid}.pem`;
const main = repositoryOf({
  signers: ['@alice', '@bob', '@carol'],
  threshold: 2,
  roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 } },
})
  .write(file('@alice'), 'of alice')
  .write(file('@dave'), 'of dave')
  .fork();

const needed = (event: TestRepository): readonly (string | undefined)[] =>
  [...neededAttestations(main.tree(), event.tree()).keys()].map(keyid =>
    ['@alice', '@alice#2', '@dave', '@zoe'].find(name => keyOf(name).keyid === keyid),
  );

describe('attestations are verified', () => {
  it('not where no key joins', () => {
    expect(needed(main.fork().edit('dev'))).toEqual([]);
  });
  it('of all keys in use where one joins', () => {
    const event = main
      .fork()
      .delegate('dev', { signers: ['@dave', '@zoe'] })
      .write(file('@zoe'), 'of zoe');
    expect(needed(event)).toEqual(['@alice', '@dave', '@zoe']);
  });
  it('of a root key that leaves too, whose holder hands over: although its file goes', () => {
    const event = main.fork().rootRole('root', ['@alice#2', '@bob', '@carol'], 2).remove(file('@alice'));
    event.rootRole('targets', ['@bob', '@carol'], 2);
    expect(needed(event)).toEqual(['@dave', '@alice']);
    expect(needed(event.remove(file('@dave')))).toEqual(['@alice']);
  });
  it('of a key that leaves another role not', () => {
    const event = main.fork().delegate('dev', { signers: ['@erin', '@zoe'] });
    expect(needed(event.remove(file('@dave')))).toEqual(['@alice']);
  });
});
