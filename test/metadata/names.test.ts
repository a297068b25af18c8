import { describe, expect, it } from 'vitest';
import { MetadataError } from '../../src/metadata/error.ts';
import {
  isOnlineRole,
  isPlainPath,
  isTopLevelRole,
  parseKeyOwner,
  parseRoleName,
  parseTargetPath,
  ROOT,
  roleNameProblem,
  SNAPSHOT,
  TARGETS,
  TIMESTAMP,
  targetPathProblem,
} from '../../src/metadata/names.ts';

const badName = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof MetadataError && error.code === 'BAD_NAME') return error.message;
    throw error;
  }
  throw new Error('accepted');
};

describe('role names', () => {
  it.each([
    ['a word', 'rekor'],
    ['a host name', 'registry.example.org'],
    ['hyphens and underscores', 'a-b_c'],
    ['digits', '2026'],
    ['a hash bin', '00-07'],
    ['a word that begins like a device', 'console'],
    ['a hundred characters', 'a'.repeat(100)],
    ['a top-level role', 'root'],
  ])('may be %s', (_, name) => expect(parseRoleName(name)).toBe(name));

  it.each([
    ['nothing', '', '1 to 100'],
    ['101 characters', 'a'.repeat(101), '1 to 100'],
    ['dots alone', '..', 'start with a dot'],
    ['a hidden file', '.signing-event-state', 'start with a dot'],
    ['an option', '-rf', 'start with a dot or a hyphen'],
    ['a way up', '../root', 'only ASCII'],
    ['a slash', 'a/b', 'only ASCII'],
    ['a backslash', String.raw`a\b`, 'only ASCII'],
    ['a space', 'a b', 'only ASCII'],
    ['a NUL', 'a\0', 'only ASCII'],
    ['a line feed', 'a\n', 'only ASCII'],
    ['an escape sequence', '\u001b[2Ja', 'only ASCII'],
    ['a Cyrillic letter', 'r\u043eot', 'only ASCII'],
    ['a full-width letter', '\uff52oot', 'only ASCII'],
    ['a zero-width space', 'root\u200b', 'only ASCII'],
    ['a dotless i', 't\u0131mestamp', 'only ASCII'],
    ['a percent escape', '%2e%2e', 'only ASCII'],
    ['a drive', 'c:', 'only ASCII'],
    ['a dot at the end', 'root.', 'end with a dot'],
    ['a device', 'con', 'device'],
    ['a device with an ending', 'Aux.json', 'device'],
    ['a numbered device', 'LPT1', 'device'],
    ['a versioned file name', '5.root', 'versioned'],
    ['a top-level role in capitals', 'ROOT', 'case alone'],
    ['a top-level role with one capital', 'Targets', 'case alone'],
  ])('may not be %s', (_, name, why) => {
    expect(roleNameProblem(name)).toContain(why);
    expect(badName(() => parseRoleName(name))).toMatch(/^[ -~]+$/);
  });

  it('are known at the top level', () => {
    expect([ROOT, TARGETS, SNAPSHOT, TIMESTAMP].every(isTopLevelRole)).toBe(true);
    expect([ROOT, TARGETS, SNAPSHOT, TIMESTAMP].filter(isOnlineRole)).toEqual([SNAPSHOT, TIMESTAMP]);
    expect(isTopLevelRole(parseRoleName('rekor'))).toBe(false);
  });
});

describe('target paths', () => {
  it.each([
    ['a file', 'file.txt'],
    ['folders', 'a/b/c/file.txt'],
    ['a hidden file', '.well-known/x'],
    ['a space inside', 'release notes.txt'],
    ['three dots', 'a/...'],
    ['accents in normal form', '\u00e9t\u00e9.txt'],
    ['Chinese with a Latin ending', '\u6f22\u5b57.txt'],
    ['one script a segment', 'docs/\u043e\u0442\u0447\u0451\u0442'],
    ['an emoji', '\u{1f600}'],
    ['a name of JavaScript', '__proto__'],
    ['1024 characters', 'a/'.repeat(511) + 'aa'],
    ['a segment of 255 bytes', `a/${'b'.repeat(255)}`],
    ['a segment of 255 bytes beyond ASCII', `${'\u3042'.repeat(85)}/a`],
  ])('may be %s', (_, path) => expect(parseTargetPath(path)).toBe(path));

  it.each([
    ['nothing', '', '1 to 1024'],
    ['1025 characters', 'a/'.repeat(512) + 'a', '1 to 1024'],
    ['a segment of 256 bytes', `a/${'b'.repeat(256)}`, 'more than 255 bytes'],
    ['a folder of 256 bytes', `${'b'.repeat(256)}/a`, 'more than 255 bytes'],
    ['a segment of 256 bytes beyond ASCII', `${'\u3042'.repeat(85)}a`, 'more than 255 bytes'],
    ['an absolute path', '/etc/passwd', 'slash'],
    ['a folder', 'a/', 'slash'],
    ['an empty segment', 'a//b', 'slash'],
    ['a way up', '../a', '. or ..'],
    ['a way up inside', 'a/../b', '. or ..'],
    ['a way up at the end', 'a/..', '. or ..'],
    ['the folder itself', './a', '. or ..'],
    ['a backslash', String.raw`a\b`, 'backslash'],
    ['a NUL', 'a\0b', 'can not be seen'],
    ['a line feed', 'a\nb', 'can not be seen'],
    ['an escape sequence', '\u001b[2J', 'can not be seen'],
    ['a C1 control', 'a\u009b2J', 'can not be seen'],
    ['a delete', 'a\u007f', 'can not be seen'],
    ['a right-to-left override', 'a\u202etxt.exe', 'can not be seen'],
    ['a right-to-left isolate', 'a\u2067b', 'can not be seen'],
    ['a zero-width joiner', 'a\u200db', 'can not be seen'],
    ['a soft hyphen', 'a\u00adb', 'can not be seen'],
    ['a byte order mark', '\ufeffa', 'can not be seen'],
    ['a Hangul filler', 'a\u3164', 'can not be seen'],
    ['a variation selector', 'a\ufe0f', 'can not be seen'],
    ['a tag character', 'a\u{e0061}', 'can not be seen'],
    ['a line separator', 'a\u2028b', 'can not be seen'],
    ['a private character', '\ue000', 'can not be seen'],
    ['half of a surrogate pair', 'a\ud800', 'can not be seen'],
    ['accents apart from their letter', 'e\u0301', 'normal form'],
    ['a full-width slash', 'a\uff0fb', 'normal form'],
    ['a full-width letter', '\uff41', 'normal form'],
    ['a ligature', '\ufb01le', 'normal form'],
    ['a no-break space', 'a\u00a0b', 'normal form'],
    ['a one-dot leader', 'a\u2024txt', 'normal form'],
    ['a fraction slash', 'a\u2044b', 'look-alike of a slash'],
    ['a division slash', 'a\u2215b', 'look-alike of a slash'],
    ['a set minus', 'a\u2216b', 'look-alike of a slash'],
    ['a space at the end', 'a ', 'starts or ends'],
    ['a space at the end of a folder', 'a /b', 'starts or ends'],
    ['a space at the start', ' a', 'starts or ends'],
    ['a combining stroke over the slash before it', 'a/\u0338b', 'starts or ends'],
    ['a Cyrillic letter among Latin ones', 'p\u0430ypal', 'mixes'],
    ['a Greek letter among Latin ones', 'r\u03bfot.txt', 'mixes'],
  ])('may not be %s', (_, path, why) => {
    expect(targetPathProblem(path)).toContain(why);
    expect(badName(() => parseTargetPath(path))).toMatch(/^[ -~]+$/);
  });

  it('are cut in a message', () => {
    expect(badName(() => parseTargetPath('\n'.repeat(1_000_000))).length).toBeLessThan(300);
  });
});

describe('key owners', () => {
  it.each([
    ['an account', '@user', '@user'],
    ['capitals, which are folded', '@User', '@user'],
    ['hyphens', '@a-b', '@a-b'],
    ['a managed account', '@user_corp', '@user_corp'],
    ['a bot', '@dependabot[bot]', '@dependabot[bot]'],
    ['one letter', '@a', '@a'],
    ["an import tool's stand-in for what is no person", '@-npm-signer', '@-npm-signer'],
  ])('may be %s', (_, owner, expected) => expect(parseKeyOwner(owner)).toBe(expected));

  it.each([
    ['nothing', ''],
    ['an at sign alone', '@'],
    ['no at sign', 'user'],
    ['two at signs', '@@user'],
    ['a space', '@us er'],
    ['a line feed behind', '@user\n'],
    ['a slash', '@org/team'],
    ['a Cyrillic letter', '@us\u0435r'],
    ['a Kelvin sign, which folds to k', '@\u212aevin'],
    ['a dotted capital I, which folds to two characters', '@\u0130'],
    ['a mention and a link', '@everyone](x)'],
    ['65 characters', `@${'a'.repeat(65)}`],
  ])('may not be %s', (_, owner) => expect(badName(() => parseKeyOwner(owner))).toMatch(/^[ -~]+$/));
});

describe('a path is plain', () => {
  it.each(['a', 'a/b', 'A-1_b+c.d/-e.f', '_/x.tar.gz'])('%j: and nothing is wrong with it', path => {
    expect([isPlainPath(path), targetPathProblem(path)]).toEqual([true, undefined]);
  });
  it.each([
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    'a/..',
    '../a',
    './a',
    'a/.b',
    '.a',
    '+a',
    'a\\b',
    'a b',
    'a\n',
    'a\u0000',
    'ä',
    'a:b',
    'a*',
    '\u0430',
    'a\u2044b',
    'a\u200b',
    '%2e%2e/a',
    'a\ud800',
  ])('%j: it has to be looked at', path => {
    expect(isPlainPath(path)).toBe(false);
  });
});
