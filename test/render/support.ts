import { DAY_MS, type Instant } from '../../src/clock.ts';
import type { EventReport } from '../../src/event/report.ts';
import { reportOf } from '../../src/event/report.ts';
import { requirePublicKey } from '../../src/metadata/key.ts';
import type { KeyOwner } from '../../src/metadata/names.ts';
import type { AttestationResult } from '../../src/policy/attestation.ts';
import {
  inDays,
  initialEvent,
  type JudgeOptions,
  judgeEvent,
  keyOf,
  repositoryOf,
  TestRepository,
  testNow,
} from '../support/tree-builder.ts';

const labels = {
  head: '1111111111111111111111111111111111111111',
  knownGood: '2222222222222222222222222222222222222222',
  now: testNow,
};

const reportOn = (
  main: TestRepository,
  event: TestRepository,
  name: string,
  options?: JudgeOptions,
): EventReport => reportOf(judgeEvent(main, event, options), { ...labels, event: name });

/** As an attestation of this key that has verified. */
const cardWith = (name: string, serial: number): AttestationResult => ({
  ok: true,
  fingerprint: requirePublicKey(keyOf(name).key).fingerprint,
  serial,
  firmware: [5, 7, 4],
  pinPolicy: 'once',
  touchPolicy: 'always',
  formFactor: 'usb-c-nano',
  ca: 'yubico',
});

const SIGNERS = ['@alice', '@bob', '@carol'];

export const mainRepository = (): TestRepository =>
  repositoryOf({
    signers: SIGNERS,
    threshold: 2,
    roles: { dev: { signers: ['@dave', '@erin'], threshold: 1 } },
    artifacts: { 'app-1.0.tar.gz': 'the first version', 'dev/nightly.txt': 'monday' },
  });

/** The reports that goldens are made of, by name. */
export function sampleReports(): ReadonlyMap<string, EventReport> {
  const main = mainRepository();
  const release = main
    .fork()
    .artifact('app-1.0.tar.gz', undefined)
    .artifact('app-1.1.tar.gz', 'the second version')
    .updateTargets()
    .sign('targets', '@alice');
  const keys = main.fork().rootRole('root', ['@alice#2', '@bob', '@frank'], 2).sign('root', '@bob', '@alice');
  const invited = main
    .fork()
    .invite({ '@grace': ['targets'], '@heidi': ['targets'] })
    .edit('targets');
  const hostile = main
    .fork()
    .artifact('@everyone](https://evil.example)`|<img src=x>', 'x')
    .artifact('\u001b[2J\u202egnp.exe', 'y')
    .updateTargets()
    .sign('targets', '@alice');
  const signed = main.fork().artifact('dev/nightly.txt', 'tuesday').updateTargets('dev').sign('dev', '@dave');
  const renewal = main.fork().rootRole('root', ['@alice#2', '@bob'], 2);
  const attestations = new Map([
    [keyOf('@alice').keyid, cardWith('@alice', 10_000_001)],
    [keyOf('@alice#2').keyid, cardWith('@alice#2', 10_000_002)],
  ]);
  const ending = main
    .fork()
    .edit('targets', signed => void (signed.expires = inDays(3)))
    .edit('dev', signed => void (signed.expires = inDays(-2)))
    .signAll('targets', 'dev')
    .onlineSign()
    .fork();
  const late = ending
    .fork()
    .edit('dev')
    .artifact('app-1.1.tar.gz', 'the second version')
    .updateTargets()
    .sign('targets', '@alice', '@bob')
    .rewrite('targets', ({ signed }) => Object.assign(signed, { 'x-note': 'one more word' }))
    .sign('targets', '@bob');
  return new Map([
    ['first', reportOn(new TestRepository(), initialEvent({ signers: SIGNERS, threshold: 2 }), 'sign/init')],
    ['release', reportOn(main, release, 'sign/release-1.1')],
    ['new-keys', reportOn(main, keys, 'sign/new-keys')],
    ['invitations', reportOn(main, invited, 'sign/invite')],
    [
      'stale-invitation',
      reportOf(judgeEvent(main, invited), {
        ...labels,
        event: 'sign/invite',
        invitedSince: new Map([
          ['@grace' as KeyOwner, (testNow - 12.5 * DAY_MS) as Instant],
          ['@heidi' as KeyOwner, (testNow - 2 * DAY_MS) as Instant],
        ]),
      }),
    ],
    ['hostile-names', reportOn(main, hostile, 'sign/$(reboot)')],
    ['accepted', reportOn(main, signed, 'sign/nightly')],
    ['new-card', reportOn(main, renewal, 'sign/new-card', { facts: { attestations } })],
    ['late', reportOn(ending, late, 'sign/late')],
    ['merged', reportOf(judgeEvent(main, main.fork()), { ...labels, event: 'sign/done', merged: true })],
    ['unchanged', reportOn(main, main.fork(), 'sign/nothing')],
  ]);
}
