import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { parseIni } from '../../src/operations/peer-settings.ts';
import { openWorkspace } from '../../src/operations/workspace.ts';
import { TestRepository, testFolder } from '../support/git-repo.ts';

const INI = '[settings]\nuser-name = @Alice\npull-remote = origin\npush-remote = fork\n';

describe('.tuf-on-ci-sign.ini', () => {
  test('that is not tracked gives the settings', async () => {
    await using folder = await testFolder();
    const git = TestRepository.init(join(folder.path, 'clone'));
    await writeFile(join(git.folder, '.tuf-on-ci-sign.ini'), INI);
    await using workspace = await openWorkspace(git.folder, systemClock);
    expect(workspace.settings).toEqual({ user: '@alice', pullRemote: 'origin', pushRemote: 'fork' });
  });

  test('steps back behind git config', async () => {
    await using folder = await testFolder();
    const git = TestRepository.init(join(folder.path, 'clone'));
    git.git('config', 'tuf-signer.user', '@bob');
    await writeFile(join(git.folder, '.tuf-on-ci-sign.ini'), INI);
    await using workspace = await openWorkspace(git.folder, systemClock);
    expect(workspace.settings).toMatchObject({ user: '@bob', pushRemote: 'fork' });
  });

  test('that a branch brought is ignored', async () => {
    await using folder = await testFolder();
    const git = TestRepository.init(join(folder.path, 'clone'));
    git.commit({ '.tuf-on-ci-sign.ini': INI });
    git.git('reset', '-q', '--hard');
    await using workspace = await openWorkspace(git.folder, systemClock);
    expect(workspace.settings).toEqual({});
  });

  test('that a branch brought in other letters is ignored, as some file systems take it for this one', async () => {
    await using folder = await testFolder();
    const git = TestRepository.init(join(folder.path, 'clone'));
    git.commit({ '.TUF-on-ci-sign.ini': INI });
    git.git('reset', '-q', '--hard');
    await writeFile(join(git.folder, '.tuf-on-ci-sign.ini'), INI); // what such a file system would find
    await using workspace = await openWorkspace(git.folder, systemClock);
    expect(workspace.settings).toEqual({});
  });

  test('is found from a folder below', async () => {
    await using folder = await testFolder();
    const git = TestRepository.init(join(folder.path, 'clone'));
    git.commit({ 'targets/one.txt': 'one' });
    git.git('reset', '-q', '--hard');
    await writeFile(join(git.folder, '.tuf-on-ci-sign.ini'), INI);
    await using workspace = await openWorkspace(join(git.folder, 'targets'), systemClock);
    expect(workspace.settings.user).toBe('@alice');
  });

  test('with a name that is none is told, and nothing keeps running', async () => {
    await using folder = await testFolder();
    const git = TestRepository.init(join(folder.path, 'clone'));
    await writeFile(join(git.folder, '.tuf-on-ci-sign.ini'), '[settings]\nuser-name = a b\n');
    await expect(openWorkspace(git.folder, systemClock)).rejects.toMatchObject({ code: 'BAD_NAME' });
  });
});

describe('parseIni', () => {
  const rows: readonly (readonly [string, string, string | undefined])[] = [
    ['spaces around', '[settings]\n  name  =  value  \n', undefined],
    ['name at the start of the line', '[settings]\nname = value\n', 'value'],
    ['a colon', '[settings]\nname: value\n', 'value'],
    ['case', '[settings]\nNAME = value\n', 'value'],
    ['line ends of Windows', '[settings]\r\nname = value\r\n', 'value'],
    ['a comment', '[settings]\n# name = value\n; name = value\n', undefined],
    ['another section', '[other]\nname = value\n', undefined],
    ['no section', 'name = value\n', undefined],
    ['an empty value', '[settings]\nname =\n', ''],
    ['names of objects', '[settings]\n__proto__ = x\nname = value\n', 'value'],
  ];
  for (const [name, text, value] of rows)
    test(name, () => {
      expect(parseIni(text).get('settings')?.get('name')).toBe(value);
    });
});
