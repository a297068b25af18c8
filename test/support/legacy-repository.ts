import { RepositorySimulator } from './repository-simulator.ts';
import { type TestKey, testKey } from './test-keys.ts';

/** As of {@link import('./world.ts').Person}: alice, bob and carol have these on their cards. */
export const legacyKey = (person: 0 | 1 | 2): TestKey => asWrittenIn2019(testKey(100 + person));

/** A P-256 key by its bare point under the name of its scheme, with a keyid that is a digest of nothing. */
export function asWrittenIn2019(key: TestKey): TestKey {
  const spki = key.key.publicText.replaceAll(/-----[^-]+-----|\s/g, '');
  const point = Buffer.from(spki, 'base64').subarray(-65).toString('hex');
  const raw = {
    keytype: 'ecdsa-sha2-nistp256',
    scheme: 'ecdsa-sha2-nistp256',
    keyid_hash_algorithms: ['sha256', 'sha512'],
    keyval: { public: point },
  };
  return { ...key, raw, keyid: `${key.keyid.slice(0, 60)}abcd` as TestKey['keyid'] };
}

/**
 * A repository of before tuf-on-ci: no consistent snapshots, old keys under ids of their own, snapshot and timestamp signed by two
 * keys, hashes and lengths in snapshot, no periods, no owners, dates with fractions. Root is by alice and bob, targets by carol,
 * the delegated role `tools` by bob; it has come to its second root.
 */
export function legacyRepository(
  edit: (repository: RepositorySimulator) => void = () => undefined,
): RepositorySimulator {
  const site = new RepositorySimulator({ consistentSnapshot: false });
  site.withHashes = true;
  site.files.clear();
  const { root } = site;
  root.keys = {};
  root.spec_version = '1.0';
  root.expires = '2031-06-01T00:00:00.25Z';
  site.targets.expires = '2031-06-01T00:00:00.25Z';
  site.rotate('root', legacyKey(0), legacyKey(1));
  site.rotate('targets', legacyKey(2));
  site.rotate('snapshot', testKey(4, { kind: 'ed25519' }));
  site.rotate('timestamp', testKey(5, { kind: 'ed25519' }));
  site.publishRoot();
  site.delegate('targets', 'tools', { paths: ['tools/*'] }, legacyKey(1));
  site.addTarget('targets', 'readme.txt', 'read me\n');
  site.addTarget('tools', 'tools/greet.sh', 'echo hello\n');
  site.bumpRoot();
  edit(site);
  site.publish();
  return site;
}
