import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type EventReport, type RoleReport, reportOf } from '../../src/event/report.ts';
import { signedBytes } from '../../src/metadata/document.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { documentOf } from '../../src/repository/tree.ts';
import {
  initialEvent,
  type JudgeOptions,
  judgeEvent,
  keyOf,
  TestRepository,
  testNow,
} from '../support/tree-builder.ts';
import { standard } from './rules/rule-table.ts';

const labels = { event: 'sign/x', head: 'h', knownGood: 'k', now: testNow };

function reported(
  change: (event: TestRepository) => void,
  main: TestRepository = standard(),
  options: JudgeOptions = {},
): EventReport {
  const event = main.fork();
  change(event);
  return reportOf(judgeEvent(main, event, options), labels);
}

const roleIn = (report: EventReport, role: string): RoleReport | undefined =>
  report.roles.get(role as RoleName);

describe('a report', () => {
  it('of nothing carries its labels, the instant and the verdict', () => {
    expect(reported(() => {})).toEqual({
      event: 'sign/x',
      head: 'h',
      knownGood: 'k',
      judgedAt: '2030-06-01T00:00:00Z',
      verdict: 'unchanged',
      reasons: [],
      roles: new Map(),
      alike: new Map(),
      artifacts: [],
      invites: new Map(),
      invited: new Map(),
      awaited: [],
      state: 'draft',
      onMain: new Map(),
    });
  });

  const states: readonly (readonly [string, (e: TestRepository) => void, string, Partial<RoleReport>])[] = [
    [
      'collecting where signatures are missing',
      e => void e.edit('dev', s => void Object.assign(s, { 'x-note': 1 })).sign('dev', '@dave'),
      'dev',
      {
        state: 'collecting',
        change: 'content',
        version: 2,
        expires: '2031-06-01T00:00:00Z',
        quorums: [
          { of: 'delegator', threshold: 2, signed: ['@dave'], missing: ['@erin', '@frank'], void: [] },
        ],
        changes: ['the version goes from 1 to 2', 'x-note is set to 1'],
      },
    ],
    [
      'complete where the quorum has signed',
      e => void e.edit('dev').sign('dev', '@dave', '@erin'),
      'dev',
      {
        state: 'complete',
        quorums: [
          { of: 'delegator', threshold: 2, signed: ['@dave', '@erin'], missing: ['@frank'], void: [] },
        ],
      },
    ],
    [
      'collecting where one quorum of two has signed',
      e => void e.rootRole('root', ['@zoe'], 1).sign('root', '@zoe'),
      'root',
      {
        state: 'collecting',
        quorums: [
          { of: 'old', threshold: 2, signed: [], missing: ['@alice', '@bob', '@carol'], void: [] },
          { of: 'new', threshold: 1, signed: ['@zoe'], missing: [], void: [] },
        ],
      },
    ],
    [
      'inviting where an answer is open, whatever was signed',
      e =>
        void e
          .invite({ '@zoe': ['dev'] })
          .edit('dev')
          .signAll('dev'),
      'dev',
      { state: 'inviting', change: 'content' },
    ],
    [
      'inviting where only its delegator is to change',
      e => void e.invite({ '@zoe': ['dev'] }),
      'targets',
      { state: 'inviting', change: 'unchanged', version: 1, digest: undefined, changes: [] },
    ],
    [
      'removed where the file is gone',
      e => void e.undelegate('dev'),
      'dev',
      {
        state: 'removed',
        change: 'removed',
        version: undefined,
        expires: undefined,
        digest: undefined,
        quorums: [],
        changes: ['the role is removed'],
      },
    ],
    [
      'unreadable where the document says nothing',
      e => void e.write('metadata/dev.json', '{'),
      'dev',
      {
        state: 'unreadable',
        change: 'content',
        version: undefined,
        digest: undefined,
        changes: ['the document can not be read, so nothing can be said of what it changes'],
      },
    ],
    [
      'collecting where its keys changed and it did not',
      e => void e.delegate('dev', { signers: ['@gina'] }),
      'dev',
      { state: 'collecting', change: 'unchanged', version: 1, digest: undefined, changes: [] },
    ],
    [
      "complete, with no quorum to show, where it is the automation's",
      e => void e.rewrite('timestamp', ({ signed }) => void signed.version++),
      'timestamp',
      { state: 'complete', quorums: [] },
    ],
    [
      'complete where signatures alone were added',
      e => void e.rewrite('dev', d => void Object.assign(d, { note: 1 })),
      'dev',
      { state: 'complete', change: 'signatures', changes: [] },
    ],
  ];
  it.each(states)('calls a role %s', (_, change, role, expected) => {
    expect(roleIn(reported(change), role)).toMatchObject(expected);
  });

  it('gives the digest of what is to be signed', () => {
    const event = standard().edit('dev');
    const document = documentOf(event.tree(), 'dev' as RoleName);
    if (document === undefined) throw new Error('no document');
    const report = reportOf(judgeEvent(standard(), event), labels);
    expect(roleIn(report, 'dev')?.digest).toBe(
      createHash('sha256').update(signedBytes(document)).digest('hex'),
    );
  });

  it('leaves out roles that are as on main and signed, also where main was not verified', () => {
    expect([...reported(e => void e.edit('dev')).roles.keys()]).toEqual(['dev']);
    const facts = { knownGoodVerified: false };
    expect([...reported(e => void e.edit('dev'), standard(), { facts }).roles.keys()]).toEqual(['dev']);
  });

  it('tells each person once, with all that is asked of them, and automation without an account', () => {
    const { awaited } = reported(e => void e.edit('root').edit('targets').sign('targets', '@alice'));
    expect(awaited).toMatchObject([
      { name: '@alice', owner: '@alice', roles: ['root'] },
      { name: '@bob', owner: '@bob', roles: ['root', 'targets'] },
      { name: '@carol', owner: '@carol', roles: ['root', 'targets'] },
    ]);
    const ci = reported(e => void e.delegate('dev', { signers: ['ci'] })).awaited;
    expect(ci.find(({ name }) => name === 'file:ci')).toMatchObject({
      name: 'file:ci',
      owner: undefined,
      roles: ['dev'],
    });
  });

  it('lists invitations, files, and what becomes of the policy', () => {
    const report = reported(
      e =>
        void e
          .invite({ '@zoe': ['root', 'dev'] })
          .artifact('new.bin', 'four')
          .policy('version: 1\nlimits: { version-step: 3 }\n'),
    );
    expect(report.invites).toEqual(new Map([['@zoe', ['root', 'dev']]]));
    expect(report.artifacts).toEqual(['file "new.bin" is added (4 bytes)']);
    expect(roleIn(report, 'root')?.changes).toContain('policy: limits is set to {"version-step":"3"}');
    expect(roleIn(report, 'dev')?.changes).toEqual([]);
  });

  it('of a first event asks of everybody', () => {
    const event = initialEvent({ signers: ['@alice'], roles: { dev: { signers: ['@dave'] } } });
    const report = reportOf(judgeEvent(new TestRepository(), event), labels);
    expect(report.verdict).toBe('pending');
    expect(roleIn(report, 'root')?.quorums.map(({ of }) => of)).toEqual(['new']);
    expect(report.awaited).toMatchObject([
      { name: '@alice', owner: '@alice', roles: ['root', 'targets'] },
      { name: '@dave', owner: '@dave', roles: ['dev'] },
    ]);
  });

  it('names a key that changed hands by what the delegator says now', () => {
    const report = reported(
      e =>
        void e
          .edit('targets', s => {
            const { keyid, raw } = keyOf('@dave');
            s.delegations.keys[keyid] = { ...raw, 'x-tuf-on-ci-keyowner': '@new' };
          })
          .edit('dev')
          .sign('dev', '@dave'),
    );
    expect(roleIn(report, 'dev')?.quorums[0]?.signed).toEqual(['@new']);
  });
});
