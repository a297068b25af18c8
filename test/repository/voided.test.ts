import { describe, expect, it } from 'vitest';
import { ROOT, type RoleName, TARGETS } from '../../src/metadata/names.ts';
import { Draft } from '../../src/repository/draft.ts';
import { voidedSignatures } from '../../src/repository/voided.ts';
import { repositoryOf, type TestRepository, testNow } from '../support/tree-builder.ts';

const main = repositoryOf({
  signers: ['@alice', '@bob', '@carol'],
  threshold: 2,
  roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 } },
});

/** Whose signatures go where these roles are given a new content. */
function voided(event: TestRepository, ...roles: readonly RoleName[]): readonly string[] {
  const draft = new Draft(main.tree(), event.tree());
  for (const role of roles) draft.renew(role);
  return voidedSignatures(main.tree(), event.tree(), draft.files(testNow)).map(
    ({ role, key }) => `${key.owner} on ${role}`,
  );
}

describe('an edit voids', () => {
  const event = main
    .fork()
    .edit('root')
    .edit('targets')
    .sign('targets', '@alice', '@carol')
    .sign('root', '@bob');

  it('the signatures that the event has on that role', () => {
    expect(voided(event, TARGETS)).toEqual(['@alice on targets', '@carol on targets']);
    expect(voided(event, TARGETS, ROOT)).toEqual(['@alice on targets', '@carol on targets', '@bob on root']);
  });
  it("none of main's, whose content stays where it is", () => {
    expect(voided(main.fork(), TARGETS)).toEqual([]);
    expect(voided(main.fork().sign('dev', '@erin').sign('targets', '@bob'), 'dev' as RoleName)).toEqual([]);
  });
  it('none on other roles', () => {
    expect(voided(event, 'dev' as RoleName)).toEqual([]);
  });
  it('none that counted for nothing already', () => {
    const stray = main.fork().edit('targets').sign('targets', '@dave');
    expect(voided(stray, TARGETS)).toEqual([]);
    const other = event.fork().rewrite('targets', ({ signed }) => void signed.version++);
    expect(voided(other, TARGETS)).toEqual([]);
  });
  it('those of the root that hands over too', () => {
    const handover = main.fork().rootRole('root', ['@zoe'], 1).sign('root', '@alice', '@zoe');
    expect(voided(handover, ROOT)).toEqual(['@alice on root', '@zoe on root']);
  });
});
