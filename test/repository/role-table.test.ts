import { describe, expect, it } from 'vitest';
import { type RoleTable, roleTable } from '../../src/repository/role-table.ts';
import { repositoryOf, type TestRepository, type WireDelegation } from '../support/tree-builder.ts';

const main = (): TestRepository =>
  repositoryOf({
    signers: ['@alice', '@bob'],
    roles: {
      dev: { signers: ['@dave', '@erin'], threshold: 1 },
      ops: { signers: ['online.pem'] },
      linux: { signers: ['@dave'], paths: ['dev/linux'], by: 'dev' },
    },
  });

const lines = ({ rows, hidden }: RoleTable): readonly string[] => [
  ...rows.map(
    ({ change, depth, place, isMoved, terms, before }) =>
      `${change} ${'-'.repeat(depth)}${terms.role} ${place}${isMoved ? ' moved' : ''}${before === undefined ? '' : ' (was)'}`,
  ),
  ...(hidden > 0 ? [`${hidden} hidden`] : []),
];

const after = (change: (event: TestRepository) => void, limit = 99): readonly string[] => {
  const event = main().fork();
  change(event);
  return lines(roleTable(main().tree(), event.tree(), limit));
};

const roles = (event: TestRepository, change: (roles: WireDelegation[]) => void): void =>
  void event.edit('targets', ({ delegations }) => change(delegations.roles));

describe('the table of roles', () => {
  it('has every role below its delegator, in the order of search', () => {
    const tree = main().tree();
    const table = roleTable(tree, tree, 99);
    expect(lines(table)).toEqual(
      [
        'same root 1',
        'same -targets 1',
        'same --dev 1',
        'same ---linux 1',
        'same --ops 2',
        'same -snapshot 2',
        'same -timestamp 3',
      ].map(line => expect.stringMatching(new RegExp(line.replace(/ \d$/, ' \\d'))) as unknown),
    );
    const terms = new Map(table.rows.map(row => [row.terms.role as string, row.terms]));
    expect(terms.get('dev')).toMatchObject({
      delegator: 'targets',
      owners: ['@dave', '@erin'],
      onlineUris: [],
      keys: 2,
      invited: [],
      threshold: 1,
      periods: { expiryDays: 365, signingDays: 60 },
      paths: ['dev/*'],
      terminating: true,
    });
    expect(terms.get('ops')).toMatchObject({ owners: [], onlineUris: ['file:online.pem'] });
    expect(terms.get('root')).toMatchObject({ delegator: undefined, terminating: undefined });
    expect(terms.get('timestamp')?.periods).toBeDefined();
  });

  const changes: readonly (readonly [string, (event: TestRepository) => void, readonly string[]])[] = [
    [
      'a threshold',
      e => roles(e, ([dev]) => void (dev === undefined || (dev.threshold = 2))),
      ['changed --dev 1 (was)'],
    ],
    ['paths', e => roles(e, ([dev]) => void dev?.paths?.push('x')), ['changed --dev 1 (was)']],
    [
      'where the search ends',
      e => roles(e, ([dev]) => void (dev === undefined || (dev.terminating = false))),
      ['changed --dev 1 (was)'],
    ],
    [
      'the order',
      e => roles(e, list => void list.reverse()),
      ['changed --ops 1 moved (was)', 'changed --dev 2 moved (was)'],
    ],
    [
      'periods',
      e => void e.edit('dev', s => void (s['x-tuf-on-ci-expiry-period'] = 9)),
      ['changed --dev 1 (was)'],
    ],
    [
      'periods of an online role',
      e => void e.edit('root', s => void (s.roles.timestamp['x-tuf-on-ci-expiry-period'] = 9)),
      ['changed -timestamp 3 (was)'],
    ],
    ['an artifact alone', e => void e.artifact('dev/x', 'x').updateTargets('dev'), []],
    [
      'an invitation',
      e => void e.write('metadata/.signing-event-state', '{"invites":{"@zoe":["dev"]}}'),
      ['changed --dev 1 (was)'],
    ],
    ['a new role', e => void e.delegate('web', { signers: ['@zoe'] }), ['added --web 3']],
    ['a role that goes', e => void e.undelegate('ops'), ['removed -ops 0']],
  ];
  for (const [name, change, expected] of changes) {
    it(`marks ${name}, and tells only of that where there are many`, () => {
      const told = (found: readonly string[]): readonly string[] =>
        found.filter(line => !line.startsWith('same'));
      const place = (line: string): string => line.replace(/^(changed -timestamp) \d/, '$1 3');
      expect(told(after(change)).map(place)).toEqual(expected);
      expect(
        told(after(change, 0))
          .filter(line => !line.endsWith('hidden'))
          .map(place),
      ).toEqual(expected);
    });
  }

  it('leaves out what does not change where there are many, but not who delegates to what does', () => {
    const few = after(e => void e.edit('linux', s => void (s['x-tuf-on-ci-expiry-period'] = 9)), 3);
    expect(few.map(line => line.replace(/ \d.*/, ''))).toEqual([
      'same root',
      'same -targets',
      'same --dev',
      'changed ---linux',
      expect.stringMatching(/^same -(snapshot|timestamp)$/),
      expect.stringMatching(/^same -(snapshot|timestamp)$/),
      '1 hidden',
    ]);
    const tree = main().tree();
    expect(lines(roleTable(tree, tree, 2)).slice(-1)).toEqual(['5 hidden']);
  });
});
