import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultTerms } from '../../src/policy/attestation.ts';
import { clientIds } from '../../src/policy/clients.ts';
import { PolicyError, type PolicyErrorCode } from '../../src/policy/error.ts';
import { parsePolicyFile } from '../../src/policy/parse.ts';
import { formatCertificatePem } from '../../src/policy/pem.ts';
import { defaultPolicy, delegationShapes, forRole, type Policy } from '../../src/policy/policy.ts';
import { type TestVendor, testVendor } from '../support/attestation.ts';

const parse = (text: string | Uint8Array): ReturnType<typeof parsePolicyFile> =>
  parsePolicyFile(typeof text === 'string' ? Buffer.from(text) : text);

let vendor: TestVendor;
beforeAll(async () => {
  vendor = await testVendor();
});

const block = (pem: string): string =>
  pem
    .trimEnd()
    .split('\n')
    .map(line => `      ${line}`)
    .join('\n');

describe('parsePolicyFile reads', () => {
  const rows: readonly (readonly [string, string, Partial<Policy>])[] = [
    ['nothing but a version', 'version: 1\n', {}],
    ['comments', '# why\nversion: 1 # one\n', {}],
    ['flow style', '{version: 1, limits: {version-step: 7}}', { maxVersionStep: 7 }],
    ['lines of Windows', 'version: 1\r\nlimits:\r\n  version-step: 7\r\n', { maxVersionStep: 7 }],
    ['quoted values', 'version: "1"\nlimits: { "version-step": \'7\' }\n', { maxVersionStep: 7 }],
    [
      'limits by role',
      'version: 1\nlimits:\n  expiry-days: { default: 400, roles: { timestamp: 14, "a.b": 3 } }\n',
      {
        maxExpiryDays: {
          default: 400,
          roles: new Map([
            ['timestamp', 14],
            ['a.b', 3],
          ]),
        },
      },
    ],
    [
      'thresholds',
      'version: 1\nthresholds: { default: 2, roles: { root: 3 } }\n',
      { minThreshold: { default: 2, roles: new Map([['root', 3]]) } },
    ],
    [
      'thresholds of some roles',
      'version: 1\nthresholds: { roles: { root: 3 } }\n',
      { minThreshold: { default: 1, roles: new Map([['root', 3]]) } },
    ],
    [
      'clients',
      'version: 1\nclients: [go-tuf, python-tuf]\n',
      { clients: new Set(['go-tuf', 'python-tuf'] as const) },
    ],
    ['delegations', 'version: 1\ndelegations: { allow: tuf-on-ci }\n', { delegations: 'tuf-on-ci' }],
    [
      'paths that an event may change',
      'version: 1\nscope: { paths: [README.md, docs/**, "*.txt", a/b?/*.md] }\n',
      { scope: ['README.md', 'docs/**', '*.txt', 'a/b?/*.md'] },
    ],
    ['enrolment', 'version: 1\nenrolment: { account: refuse }\n', { enrolmentAccount: 'refuse' }],
    [
      'attestation',
      'version: 1\nattestation:\n  default: warn\n  roles: { root: require }\n  min-firmware: 5.7.0\n  pin-policy: [once, always]\n  touch-policy: [always]\n  form-factors: [usb-c-nano]\n',
      {
        attestation: {
          ...defaultTerms,
          requirement: { default: 'warn', roles: new Map([['root', 'require']]) },
          minFirmware: [5, 7, 0],
          pinPolicies: new Set(['once', 'always']),
          touchPolicies: new Set(['always']),
          formFactors: new Set(['usb-c-nano']),
        },
      },
    ],
  ];
  it.each(rows)('%s', (_, text, expected) => {
    expect(parse(text).policy).toEqual({ ...defaultPolicy, ...expected });
  });

  it('certificates of other CAs', () => {
    const pem = formatCertificatePem([vendor.root.der]);
    const text = `version: 1\nattestation:\n  ca: [yubico, ${vendor.fingerprint}]\n  certificates:\n    - |\n${block(pem)}\n`;
    const { cas, certificates } = parse(text).policy.attestation;
    expect(cas).toEqual(new Set(['yubico', vendor.fingerprint]));
    expect(certificates.map(({ fingerprint }) => fingerprint)).toEqual([vendor.fingerprint]);
  });

  it('the digest of the bytes, and what they say', () => {
    const text = 'version: 1\nlimits: { version-step: 7 }\n';
    expect(parse(text)).toMatchObject({
      digest: createHash('sha256').update(text).digest('hex'),
      stated: { version: '1', limits: { 'version-step': '7' } },
    });
  });

  it('a value by role', () => {
    const { maxExpiryDays } = parse('version: 1\nlimits: { expiry-days: { roles: { root: 9 } } }').policy;
    expect([forRole(maxExpiryDays, 'root'), forRole(maxExpiryDays, 'targets')]).toEqual([9, undefined]);
  });
});

/** A path that no policy can let an event change. */
const scope = (
  pattern: string,
  problem: string,
): readonly [string, string, PolicyErrorCode, string | RegExp] => [
  `a scope of ${JSON.stringify(pattern)}`,
  `version: 1\nscope:\n  paths: ["${pattern}"]\n`,
  'POLICY_SCHEMA',
  new RegExp(`^line 3, column 11: "[^ ]*" ${problem.replaceAll(/[*?]/g, '\\$&')}`),
];

describe('parsePolicyFile refuses', () => {
  const attestation = (line: string): string => `version: 1\nattestation:\n  ${line}\n`;
  const rows: readonly (readonly [string, string | Uint8Array, PolicyErrorCode, string | RegExp])[] = [
    ['an empty file', '', 'POLICY_SYNTAX', 'line 1, column 1: the file says nothing'],
    ['a file of comments', '# nothing\n', 'POLICY_SYNTAX', 'the file says nothing'],
    ['what is not UTF-8', Buffer.from('ff', 'hex'), 'POLICY_ENCODING', 'UTF-8'],
    ['a large file', `version: 1\n#${'x'.repeat(40_000)}`, 'POLICY_SIZE', 'more than 32768'],
    ['deep lists', `version: ${'['.repeat(30_000)}`, 'POLICY_SIZE', 'deeper than 12'],
    ['deep mappings', '{a: '.repeat(8_000), 'POLICY_SIZE', 'deeper than 12'],
    ['deep blocks', '- '.repeat(16_000), 'POLICY_SIZE', 'deeper than 12'],
    ['an anchor', attestation('default: &a off'), 'POLICY_SYNTAX', 'line 3, column 12: an anchor'],
    ['an alias', 'version: 1\nlimits: *a\n', 'POLICY_SYNTAX', 'line 2, column 9: an alias'],
    ['a tag', 'version: !!int 1\n', 'POLICY_SYNTAX', 'line 1, column 10: a tag'],
    [
      'a tag on a mapping',
      'version: 1\nlimits: !x\n  version-step: 1\n',
      'POLICY_SYNTAX',
      'line 2, column 9: a tag',
    ],
    [
      'a mark that is not seen, behind a block',
      'version: |\ufeff\n  1\n',
      'POLICY_SYNTAX',
      'extra characters: |\\ufeff',
    ],
    ['a tag of a name', '!x version: 1\n', 'POLICY_SYNTAX', 'a tag'],
    ['a tag on a block', 'version: 1\nlimits: !x |\n  a\n', 'POLICY_SYNTAX', 'a tag'],
    ['a directive', '%YAML 1.1\n---\nversion: 1\n', 'POLICY_SYNTAX', 'line 1, column 1: a directive'],
    [
      'two documents',
      'version: 1\n---\nversion: 1\n',
      'POLICY_SYNTAX',
      'line 2, column 1: a second document',
    ],
    ['a document after the end', 'version: 1\n...\nversion: 1\n', 'POLICY_SYNTAX', 'a second document'],
    ['a name that stands twice', 'version: 1\nversion: 1\n', 'POLICY_SYNTAX', 'line 2, column 1: '],
    [
      'a name that stands twice in a flow',
      '{version: 1, "version": 1}',
      'POLICY_SYNTAX',
      'line 1, column 14: ',
    ],
    ['a merge', attestation('<<: { default: off }'), 'POLICY_SCHEMA', 'line 3, column 3: "<<" is not known'],
    ['a tab', 'version: 1\nlimits:\n\tversion-step: 1\n', 'POLICY_SYNTAX', 'line 3, column 1: Tabs'],
    ['an open quote', 'version: "1\n', 'POLICY_SYNTAX', 'line 2, column 1: Missing closing'],
    ['a list as a name', '? [a]\n: b\n', 'POLICY_SYNTAX', 'line 1, column 3: '],
    ['a list', '- version: 1\n', 'POLICY_SCHEMA', 'line 1, column 1: has to be a mapping'],
    ['no version', 'limits: {}\n', 'POLICY_SCHEMA', 'has to begin with version: 1'],
    ['another version', 'version: 2\n', 'POLICY_SCHEMA', 'line 1, column 10: has to be 1, not "2"'],
    ['a number spelled otherwise', 'version: 0x1\n', 'POLICY_SCHEMA', 'not "0x1"'],
    [
      'an unknown member',
      'version: 1\nlimit: {}\n',
      'POLICY_SCHEMA',
      'line 2, column 1: "limit" is not known here; known are',
    ],
    ['__proto__', 'version: 1\n__proto__: {}\n', 'POLICY_SCHEMA', '"__proto__" is not known'],
    ['a name that turns the text', 'version: 1\n"\\u202e": 1\n', 'POLICY_SCHEMA', '"\\u202e" is not known'],
    [
      'an empty value',
      'version: 1\nattestation:\n',
      'POLICY_SCHEMA',
      'line 2, column 13: has to be a mapping',
    ],
    [
      'a word that is none',
      attestation('default: yes'),
      'POLICY_SCHEMA',
      'line 3, column 12: has to be off or warn or require',
    ],
    [
      'a role that can not be',
      attestation('roles: { ../root: off }'),
      'POLICY_SCHEMA',
      'line 3, column 12: "../root" is no role',
    ],
    [
      'a firmware of two numbers',
      attestation('min-firmware: 5.7'),
      'POLICY_SCHEMA',
      'three numbers, as in 5.7.0',
    ],
    ['a firmware too large', attestation('min-firmware: 5.7.256'), 'POLICY_SCHEMA', 'three numbers'],
    ['one value for a list', attestation('pin-policy: once'), 'POLICY_SCHEMA', 'has to be a list'],
    ['an empty list', attestation('touch-policy: []'), 'POLICY_SCHEMA', 'a list of one or more'],
    ['a list in a list', attestation('touch-policy: [[always]]'), 'POLICY_SCHEMA', 'has to be one value'],
    [
      'a value that stands twice',
      attestation('ca: [yubico, yubico]'),
      'POLICY_SCHEMA',
      'names something twice',
    ],
    [
      'a CA that nobody knows',
      attestation('ca: [nitrokey]'),
      'POLICY_SCHEMA',
      'line 3, column 8: has to be yubico or',
    ],
    [
      'a fingerprint without its certificate',
      attestation(`ca: [${'ab'.repeat(32)}]`),
      'POLICY_SCHEMA',
      'of a certificate',
    ],
    [
      'a certificate that is none',
      attestation('certificates: [hello]'),
      'POLICY_SCHEMA',
      'line 3, column 18: there is something',
    ],
    [
      'a limit of nothing',
      'version: 1\nlimits: { version-step: 0 }',
      'POLICY_SCHEMA',
      'from 1 to 1000000, not "0"',
    ],
    [
      'a limit in letters',
      'version: 1\nlimits: { expiry-days: { default: 1y } }',
      'POLICY_SCHEMA',
      'line 2, column 35',
    ],
    [
      'a threshold of nothing',
      'version: 1\nthresholds: { default: 0 }',
      'POLICY_SCHEMA',
      'line 2, column 24: has to be a whole number from 1 to 100, not "0"',
    ],
    [
      'thresholds of a role beside roles',
      'version: 1\nthresholds: { root: 2 }',
      'POLICY_SCHEMA',
      'line 2, column 15: "root" is not known here',
    ],
    [
      'a client that nobody knows',
      'version: 1\nclients: [rust-tuf]',
      'POLICY_SCHEMA',
      'line 2, column 11: has to be python-tuf or go-tuf',
    ],
    ['no clients', 'version: 1\nclients: []', 'POLICY_SCHEMA', 'line 2, column 10: has to be a list'],
    [
      'a client twice',
      'version: 1\nclients: [tough, tough]',
      'POLICY_SCHEMA',
      'line 2, column 10: names something twice',
    ],
    [
      'delegations as a word',
      'version: 1\ndelegations: none',
      'POLICY_SCHEMA',
      'line 2, column 14: has to be a mapping',
    ],
    [
      'delegations of another shape',
      'version: 1\ndelegations: { allow: some }',
      'POLICY_SCHEMA',
      'line 2, column 23: has to be any or tuf-on-ci or none, not "some"',
    ],
    scope('.github/workflows/x.yml', 'has a segment that begins with a dot'),
    scope('.gitattributes', 'has a segment that begins with a dot'),
    scope('docs/.x', 'has a segment that begins with a dot'),
    scope('docs/../.github/**', 'has a segment that begins with a dot'),
    scope('../x', 'has a segment that begins with a dot'),
    scope('tuf-signer.yml', 'is the policy itself'),
    scope('TUF-signer.yml', 'is the policy itself'),
    scope('metadata/x', 'is what events are about'),
    scope('Targets/**', 'is what events are about'),
    scope('/docs', 'starts or ends with a slash'),
    scope('docs/', 'starts or ends with a slash'),
    scope('**', 'may hold only * and ?'),
    scope('**/x', 'may hold only * and ?'),
    scope('docs/**/x', 'may hold only * and ?'),
    scope('{a,b}', 'may hold only * and ?'),
    scope('!x', 'may hold only * and ?'),
    scope('*/x', 'has to begin with the plain name of a folder'),
    scope('d?cs/**', 'has to begin with the plain name of a folder'),
    scope('d\u043ecs', 'has to be 1 to 200 characters of plain ASCII'),
    scope('', 'has to be 1 to 200 characters'),
    [
      'limits of a role beside default',
      'version: 1\nlimits: { expiry-days: { root: 1 } }',
      'POLICY_SCHEMA',
      '"root" is not known here; known are default, roles',
    ],
  ];
  it.each(rows)('%s', (_, text, code, message) => {
    const started = performance.now();
    expect(() => parse(text)).toThrow(expect.objectContaining({ code, message: messageWith(message) }));
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('a certificate that no CA names, and two in one item', () => {
    const pem = formatCertificatePem([vendor.root.der]);
    const text = `version: 1\nattestation:\n  certificates:\n    - |\n${block(pem)}\n`;
    expect(() => parse(text)).toThrow(`not named under ca: add ${vendor.fingerprint}`);
    const two = `version: 1\nattestation:\n  certificates:\n    - |\n${block(pem + pem)}\n`;
    expect(() => parse(two)).toThrow('line 4, column 7: has to be one certificate an item');
  });

  it('whatever else it may be given, with a coded error', () => {
    const tokens = [
      'version: 1',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      'a',
      ': ',
      '#',
      '"',
      "'",
      '|',
      '>',
      '&',
      '*',
      '!',
      '%',
      '---',
      '?',
      ',',
      '\t',
      '<<',
      'attestation:',
    ];
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.constantFrom(...tokens)).map(list => list.join('')),
    );
    fc.assert(
      fc.property(text, input => {
        try {
          parse(input);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

const messageWith = (words: string | RegExp): string =>
  (typeof words === 'string' ? expect.stringContaining(words) : expect.stringMatching(words)) as string;

describe('docs/policy.md', () => {
  const guide = readFileSync(new URL('../../docs/policy.md', import.meta.url), 'utf8');
  const examples = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(match => match[1] ?? '');

  it('has examples that are read', () => {
    expect(examples.length).toBeGreaterThan(1);
    for (const example of examples) expect(() => parse(example)).not.toThrow();
  });

  it('says of each default what it is', () => {
    const [all = ''] = examples;
    expect(parse(all).policy).not.toEqual(defaultPolicy);
    const [, defaults = ''] = examples;
    expect(parse(defaults).policy).toEqual(defaultPolicy);
  });

  it('names each member', () => {
    const message = (text: string): string => {
      try {
        parse(text);
      } catch (error) {
        if (error instanceof PolicyError) return error.message;
        throw error;
      }
      return '';
    };
    const known = [
      'version: 1\nx: 1',
      attestationOf('x: 1'),
      'version: 1\nlimits: { x: 1 }',
      'version: 1\nenrolment: { x: 1 }',
      'version: 1\ndelegations: { x: 1 }',
      'version: 1\nscope: { x: 1 }',
    ].flatMap(text => (message(text).split('known are ')[1] ?? '').split(', '));
    expect(known.length).toBeGreaterThan(12);
    for (const name of [...known, ...clientIds, ...delegationShapes]) expect(guide).toContain(`\`${name}\``);
  });
});

const attestationOf = (line: string): string => `version: 1\nattestation: { ${line} }\n`;
