import { describe, expect, it } from 'vitest';
import { fingerprintText } from '../../../src/event/describe/keys.ts';
import { describeRole } from '../../../src/event/describe.ts';
import type { JsonObject } from '../../../src/json.ts';
import { parseDocument } from '../../../src/metadata/document.ts';
import { serializeJson } from '../../../src/metadata/serialize.ts';
import { keyOf, repositoryOf, type TestRepository, testNow } from '../../support/tree-builder.ts';

const standard = (): TestRepository =>
  repositoryOf({ signers: ['@alice'], roles: { dev: { signers: ['@dave'] } } });
const listed = { signers: ['robot'], bitLength: 6 };
const succinct = { ...listed, succinct: true };

/** What is said of dev's delegations where the first became the second. */
function said(before: TestRepository, after: TestRepository): readonly string[] {
  const [old, now] = [before, after].map(repository =>
    parseDocument(serializeJson(repository.document('dev') as unknown as JsonObject)),
  );
  return describeRole(old, now, testNow).filter(
    sentence => !/^this is version|^it expires|^the version/.test(sentence),
  );
}

const who = `file:robot (key ${fingerprintText(keyOf('robot').key)})`;
const other = `file:other (key ${fingerprintText(keyOf('other').key)})`;
const by = `by the SHA-256 of the path; the search ends there; each is signed by 1 of 1 signer: ${who}`;
const set = '64 bins dev-00 to dev-3f';

describe('hash bins are told as one', () => {
  const rows: readonly (readonly [string, TestRepository, TestRepository, readonly string[]])[] = [
    [
      'listed one by one',
      standard(),
      standard().bins('dev', listed),
      [`it delegates to ${set}, listed one by one, ${by}`],
    ],
    [
      'by succinct_roles',
      standard(),
      standard().bins('dev', succinct),
      [`it delegates to ${set}, written as succinct_roles, ${by}`],
    ],
    [
      'written otherwise',
      standard().bins('dev', listed),
      standard().bins('dev', succinct),
      [`it now delegates to ${set}, written as succinct_roles, no longer to ${set}, listed one by one`],
    ],
    [
      'of another number',
      standard().bins('dev', succinct),
      standard().bins('dev', { ...succinct, bitLength: 14 }),
      [
        `it now delegates to 16,384 bins dev-0000 to dev-3fff, written as succinct_roles, no longer to ${set}, written as succinct_roles`,
      ],
    ],
    [
      'with another signer',
      standard().bins('dev', listed),
      standard().bins('dev', { ...listed, signers: ['other'] }),
      [`"dev-*": ${other} becomes a signer`, `"dev-*": ${who} is no longer a signer`],
    ],
    [
      'with a member of their own',
      standard().bins('dev', succinct),
      standard()
        .bins('dev', succinct)
        .edit(
          'dev',
          ({ delegations }) => void Object.assign(delegations.succinct_roles ?? {}, { paths: ['*'] }),
        ),
      ['delegations.succinct_roles.paths is set to ["*"]'],
    ],
    [
      'that no longer end the search',
      standard().bins('dev', listed),
      standard()
        .bins('dev', listed)
        .edit('dev', ({ delegations }) => {
          for (const role of delegations.roles) role.terminating = false;
        }),
      ['the search now goes on after the bins'],
    ],
    [
      'that go',
      standard().bins('dev', succinct),
      standard().edit('dev', signed => void (signed.delegations = { keys: {}, roles: [] })),
      [`it no longer delegates to ${set}, written as succinct_roles`],
    ],
  ];
  it.each(rows)('%s', (_, before, after, expected) => {
    const sentences = said(before, after);
    for (const sentence of expected) expect(sentences).toContain(sentence);
    expect(sentences.filter(sentence => sentence.includes('dev-'))).toHaveLength(
      expected.filter(sentence => sentence.includes('dev-')).length,
    );
  });

  it('but for those of which one is not as the others', () => {
    const odd = standard()
      .bins('dev', listed)
      .edit('dev', ({ delegations: { roles } }) => {
        roles[7]?.path_hash_prefixes?.push('0');
      });
    const sentences = said(standard(), odd);
    expect(sentences.filter(sentence => sentence.startsWith('it delegates to dev-'))).toHaveLength(50);
    expect(sentences.join('\n')).toContain('and 14 more changes of delegations');
  });
});
