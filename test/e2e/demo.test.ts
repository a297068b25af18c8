import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type BuiltCli, builtCli, type Ran } from '../support/cli.ts';

let cli: BuiltCli;
let folder: string;
let ran: Ran;
let seconds: number;

beforeAll(async () => {
  cli = await builtCli();
  folder = join(await mkdtemp(join(tmpdir(), 'tuf-signer-demo-test-')), 'demo');
  const start = performance.now();
  ran = await cli.run(['demo', '--out', folder]);
  seconds = (performance.now() - start) / 1_000;
});

afterAll(async () => {
  await rm(join(folder, '..'), { recursive: true, force: true });
  await cli[Symbol.asyncDispose]();
});

describe('the demo', () => {
  test('ends well, in time, and prints where all of it is', () => {
    expect([ran.exit, ran.stdout]).toEqual([0, `${folder}\n`]);
    expect(seconds).toBeLessThan(20);
  });

  test('tells what happens, in order', () => {
    const chapters = [...ran.stderr.matchAll(/^\d\. (.*)$/gm)].map(([line]) => line);
    expect(chapters).toHaveLength(6);
    expect(ran.stderr).toMatch(/tuf-js has verified/);
    expect(ran.stderr).toMatch(
      /online signing refuses:[^]*\[artifacts\][^]*publishing refuses[^]*\[artifacts\]/,
    );
  });

  test('leaves what it says', async () => {
    const names = await readdir(folder);
    const listed = ran.stderr.slice(ran.stderr.indexOf('Left for you'), ran.stderr.indexOf('Try next'));
    for (const [, line] of listed.matchAll(/^ {2}([a-z]\S*(?:, \S+)*) {2,}\S/gm)) {
      for (const name of (line ?? '').split(', ')) expect(names).toContain(name.split('/')[0]);
    }
    expect(await readdir(join(folder, 'site'))).toContain('timestamp.json');
  });

  test('refused the attack: the site has what was signed', async () => {
    const targets = await readdir(join(folder, 'site/targets/tools'));
    expect(targets).toHaveLength(1);
    const published = await readFile(join(folder, 'site/targets/tools', targets[0] ?? ''), 'utf8');
    expect(published).toBe('#!/bin/sh\necho hello\n');
  });

  test('leaves pull-request pages that say the verdict', async () => {
    const pages = join(folder, 'forge');
    const files = (await readdir(pages)).filter(name => name.endsWith('.md')).sort();
    expect(files).toHaveLength(2);
    const [first = '', second = ''] = await Promise.all(
      files.map(name => readFile(join(pages, name), 'utf8')),
    );
    expect(first).toMatch(/accepted/i);
    for (const page of [first, second]) {
      expect(page).toMatch(/^# /m);
      expect(page.length).toBeLessThan(65_536);
      expect(page).not.toMatch(/undefined|\[object|NaN/);
    }
  });

  test('what it says to try next does what it says', async () => {
    const lines = [...ran.stderr.matchAll(/^ {2}tuf-signer (verify [^(]*)\((\w+)/gm)];
    expect(lines).toHaveLength(2);
    const exits: [string, number][] = [];
    for (const [, command = '', word = ''] of lines) {
      exits.push([word, (await cli.run(command.trim().split(/\s+/))).exit]);
    }
    expect(exits).toEqual([
      ['refused', 2],
      ['what', 0],
    ]);
  });

  test('a folder with something in it is left alone', async () => {
    expect(await cli.run(['demo', '--out', folder])).toMatchObject({ exit: 73, stdout: '' });
  });
});
