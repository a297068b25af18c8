import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { verifyAttestation } from '../../src/attestation/verify.ts';
import { type Judgement, judge } from '../../src/event/judge.ts';
import { parsePolicyFile } from '../../src/policy/parse.ts';
import { formatCertificatePem } from '../../src/policy/pem.ts';
import { POLICY_FILE } from '../../src/policy/policy.ts';
import { parseState } from '../../src/repository/state.ts';
import { type RepositoryTree, STATE_FILE, type TreeEntry } from '../../src/repository/tree.ts';
import { attest, pemOf, type TestVendor, testVendor } from '../support/attestation.ts';
import {
  announceFuzz,
  attempt,
  fuzzShare,
  policyFaults,
  requireApplied,
  requireRendered,
  requireSwift,
  stateFaults,
} from '../support/fuzz-checks.ts';
import { oidOf, townScene } from '../support/fuzz-scene.ts';
import { byteMutations, type Mutation, mutate, mutations } from '../support/mutation.ts';
import { testKey } from '../support/test-keys.ts';
import { testNow } from '../support/tree-builder.ts';

beforeAll(announceFuzz);

const { event } = townScene();

const entryOf = (path: string, bytes: Uint8Array): TreeEntry => ({ path, mode: '100644', oid: oidOf(bytes) });

/** Judges and shows the accepted event with something else in it. */
function judged(change: Partial<RepositoryTree>): Judgement {
  const judgement = judge({ ...event, event: { ...event.event, ...change } });
  requireApplied(judgement);
  requireRendered(judgement);
  return judgement;
}

describe('mutants of the invitation file', () => {
  const base = Buffer.from(
    '{\n  "invites": {\n    "@yves": ["dev", "root"],\n    "@zoe[bot]": ["targets"],\n    "@xaver": []\n  }\n}\n',
  );

  /** An event is accepted beside such a file only if it can be read and invites nobody. */
  function check(list: readonly Mutation[]): void {
    const bytes = mutate(base, list);
    const invites = attempt(() => parseState(bytes), stateFaults);
    const metadata = new Map(event.event.metadata).set(STATE_FILE, entryOf(STATE_FILE, bytes));
    const { verdict } = judged({ metadata, invites });
    if (verdict === 'accepted' && !(invites.ok && invites.value.size === 0))
      throw new Error('accepted while somebody is invited');
  }

  it('harm nobody', () => {
    fc.assert(
      fc.property(mutations, list => requireSwift(() => check(list))),
      fuzzShare(10),
    );
  });
});

describe('mutants of the policy file', () => {
  let bases: readonly Uint8Array[];

  beforeAll(async () => {
    const { root, fingerprint } = await testVendor();
    const pem = formatCertificatePem([root.der]);
    const policy = {
      version: '1',
      attestation: {
        default: 'warn',
        roles: { root: 'require', 'a.b': 'off' },
        'min-firmware': '5.7.0',
        'pin-policy': ['once', 'always'],
        'form-factors': ['usb-c-nano'],
        ca: ['yubico', fingerprint],
        certificates: [pem],
      },
      enrolment: { account: 'refuse' },
      limits: { 'version-step': '5', 'expiry-days': { default: '400', roles: { timestamp: '14' } } },
    };
    const block = `# why\nversion: 1\nenrolment:\n  account: refuse\nattestation:\n  ca: [yubico, ${fingerprint}]\n  certificates:\n    - |\n${pem.replace(/^/gm, '      ')}\n  roles: { root: "require" }\n`;
    bases = [Buffer.from(JSON.stringify(policy, null, 1)), Buffer.from(block)];
    for (const base of bases) expect(() => parsePolicyFile(base)).not.toThrow();
  });

  /** No policy comes into the repository unless root names it. */
  function check(list: readonly Mutation[], which: number): void {
    const bytes = mutate(bases[which] ?? new Uint8Array(), list, bases);
    const policy = attempt(() => parsePolicyFile(bytes), policyFaults);
    const outside = new Map(event.event.outside).set(POLICY_FILE, entryOf(POLICY_FILE, bytes));
    const { verdict } = judged({ outside, policy });
    if (verdict !== 'rejected') throw new Error('a policy that root does not name');
  }

  // YAML holds JSON, and takes more of what is nearly JSON.
  it.each([
    ['in flow style', 0, mutations],
    ['in blocks', 1, byteMutations],
  ] as const)('harm nobody: %s', (_, which, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, list => requireSwift(() => check(list, which))),
      fuzzShare(20),
    );
  });
});

describe('mutants of an attestation', () => {
  const key = testKey(1).privateKey;
  let vendor: TestVendor;
  let certificates: readonly Uint8Array[];

  beforeAll(async () => {
    vendor = await testVendor();
    certificates = [(await attest(vendor, key)).der, vendor.card.der];
  });

  const verify = (pem: Uint8Array): ReturnType<typeof verifyAttestation> =>
    verifyAttestation(pem, { certificates: [vendor.trusted], now: testNow });

  /** It says what the card said or nothing at all. */
  async function check(make: () => Uint8Array): Promise<void> {
    const honest = await verify(pemOf(...certificates));
    const result = await verify(make());
    if (result.ok) expect(result).toEqual(honest);
  }

  it('harm nobody: its text', async () => {
    const property = fc.asyncProperty(byteMutations, list =>
      check(() => mutate(pemOf(...certificates), list)),
    );
    await fc.assert(property, fuzzShare(20));
  });

  it('harm nobody: its certificates', async () => {
    const property = fc.asyncProperty(byteMutations, fc.nat(1), (list, which) =>
      check(() => pemOf(...certificates.map((der, i) => (i === which ? mutate(der, list) : der)))),
    );
    await fc.assert(property, fuzzShare(20));
  });
});
