import type { EventReport } from '../../src/event/report.ts';
import { reportOf } from '../../src/event/report.ts';
import { initialEvent, judgeEvent, repositoryOf, TestRepository, testNow } from '../support/tree-builder.ts';

const labels = {
  head: '1111111111111111111111111111111111111111',
  knownGood: '2222222222222222222222222222222222222222',
  now: testNow,
};

const reportOn = (main: TestRepository, event: TestRepository, name: string): EventReport =>
  reportOf(judgeEvent(main, event), { ...labels, event: name });

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
  return new Map([
    ['first', reportOn(new TestRepository(), initialEvent({ signers: SIGNERS, threshold: 2 }), 'sign/init')],
    ['release', reportOn(main, release, 'sign/release-1.1')],
    ['new-keys', reportOn(main, keys, 'sign/new-keys')],
    ['invitations', reportOn(main, invited, 'sign/invite')],
    ['hostile-names', reportOn(main, hostile, 'sign/$(reboot)')],
    ['accepted', reportOn(main, signed, 'sign/nightly')],
    ['unchanged', reportOn(main, main.fork(), 'sign/nothing')],
  ]);
}
