// All of it a character a byte, as mutation.ts has it.

const wire = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

/** JSON text, or what some parser takes for it. */
export const VALUES: readonly string[] = [
  ['0', '1', '-1', '-0', '1.0', '1e2', '1E2', '1.5', '2', '4294967296', '9007199254740991'],
  ['9007199254740992', '-9007199254740993', '9'.repeat(400), '01', '0x1', 'NaN', '-Infinity'],
  ['null', 'true', 'false', '""', '" "', '[]', '{}', '[null]', '[""]', '[[]]', '{"":""}', '[1,]'],
  [nested(40), nested(70), nested(500), '{"a":'.repeat(30) + '1' + '}'.repeat(30)],
  ['"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\uffff"'],
  ['"\\u001b[31m"', '"\\u202egpj.exe"', '"\u202e"', '"\u2028"', '"\ufeff"', '"\u{1f600}"', '"\ud7ff"'],
  ['"\u00e9"', '"e\u0301"', '"\u212a"', '"\uff0e\uff0e/"', `"${'A'.repeat(3_000)}"`, '"\\"', '"\\x41"'],
  ['"__proto__"', '"constructor"', '"hasOwnProperty"', '"root"', '"targets"', '"snapshot"', '"../root"'],
  ['{"__proto__":{"version":1}}', '{"constructor":{"prototype":{}}}', '{"toJSON":1}', '{"then":"x"}'],
  ['"9999-12-31T23:59:59Z"', '"2030-02-30T00:00:00Z"', '"2031-01-01T00:00:00.5Z"', '"2031-1-1T0:0:0Z"'],
  ['"2031-01-01T00:00:00+01:00"', '"2031-01-01 00:00:00Z"', '"0000-01-01T00:00:00Z"', '"2031-01-01"'],
  ['"1.0"', '"1.0.999"', '"2.0.0"', '"1"', '"*"', '"**/*"', '"?"', '"/etc/passwd"', '"a\\\\b"', '"con"'],
  [
    '"ed25519"',
    '"rsassa-pss-sha256"',
    '"ecdsa"',
    '"@alice"',
    '"@ALICE"',
    '"file:x"',
    '"javascript:alert(1)"',
  ],
  ['"<script>alert(1)</script>"', '"`$(reboot)` | @everyone\\n# x"', '"deadbeef"', '"DEADBEEF"', '"0"'],
]
  .flat()
  .map(wire);

/** In quotes. */
export const NAMES: readonly string[] = [
  ['__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'hasOwnProperty', '', ' ', '1', '-1'],
  ['\\u0000', '\\ud800', '\\u202e', 'e\u0301', '\u00e9', '\u{1f600}', '\uffff', '../x', 'a/b', '@x', '<b>'],
  ['_type', 'version', 'expires', 'keyids', 'threshold', 'keys', 'roles', 'paths', 'path_hash_prefixes'],
  [
    'signed',
    'signatures',
    'sig',
    'custom',
    'length',
    'hashes',
    'terminating',
    'succinct_roles',
    'delegations',
  ],
  ['x-tuf-on-ci-expiry-period', 'x-tuf-on-ci-keyowner', 'root.json', 'snapshot.json', 'A'.repeat(2_000)],
]
  .flat()
  .map(name => wire(`"${name}"`));

/** Bytes that mean something to a decoder, or nothing to a right one. */
export const BYTES: readonly string[] = [
  ['\xef\xbb\xbf', '\xff', '\xc0\xaf', '\xed\xa0\x80', '\xf4\x90\x80\x80', '\0', '\xc2\xa0', '\x1b', '\x7f'],
  [
    ' ',
    '\n',
    '\r\n',
    '"',
    '\\',
    ',',
    ':',
    '{',
    '}',
    '[',
    ']',
    '{}',
    '-',
    '0',
    '.0',
    'e1',
    '\\u0061',
    '/**/',
    '#',
  ],
].flat();
