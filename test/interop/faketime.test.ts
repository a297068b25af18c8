import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Loopback, serve } from '../client/loopback.ts';
import { type BuiltCli, builtCli, projectFolder, type Ran, runProgram } from '../support/cli.ts';
import { RepositorySimulator, simLater } from '../support/repository-simulator.ts';

/** The clock of the whole process is another one: nobody says `--now`, as the other tests of dates do. */
describe.skipIf(!hasFaketime())('a client under faketime', () => {
  let cli: BuiltCli;
  let scratch = '';
  let simulator: RepositorySimulator;
  let server: Loopback;
  let requests = 0;
  beforeAll(async () => {
    cli = await builtCli();
    scratch = await mkdtemp(join(tmpdir(), 'tuf-signer-faketime-'));
    simulator = new RepositorySimulator();
    server = await serve((request, response) => {
      requests++;
      const bytes = simulator.files.get((request.url ?? '').slice(1));
      response.writeHead(bytes === undefined ? 404 : 200).end(bytes);
    });
  });
  afterAll(async () => {
    await server.close();
    await rm(scratch, { recursive: true, force: true });
    await cli[Symbol.asyncDispose]();
  });

  const at = (date: string, program: string, ...args: readonly string[]): Promise<Ran> =>
    runProgram('faketime', [`${date} 12:00:00`, program, ...args], {
      env: { TZ: 'UTC', TUF_SIGNER_CLI: cli.file },
    });
  const root = async (): Promise<string> => {
    const file = join(scratch, 'trusted.json');
    await writeFile(file, simulator.trustedRoot);
    return file;
  };

  it('test_faketime: a root that is good on one day has expired a week later, until there is a newer one', async () => {
    const script = join(projectFolder, 'script/conformance-client');
    const folder = ['--metadata-dir', join(scratch, 'conformance')];
    const refresh = async (date: string): Promise<Ran> =>
      await at(date, script, ...folder, '--metadata-url', `${server.url}metadata/`, 'refresh');
    simulator.bumpRoot(document => (document.expires = '2030-06-08T00:00:00Z'));

    expect((await at('2030-06-01', script, ...folder, 'init', await root())).exit).toBe(0);
    expect((await refresh('2030-06-01')).exit).toBe(0);
    const expired = await refresh('2030-06-09');
    expect(expired.exit).toBe(1);
    expect(expired.stderr).toContain('root version 2 expired on 2030-06-08T00:00:00Z');
    expect((await refresh('2030-06-07')).exit).toBe(0);
    simulator.bumpRoot(document => (document.expires = simLater));
    expect((await refresh('2030-06-09')).exit).toBe(0);
  });

  it('--max-age is by that clock, and one that was put back makes it ask', async () => {
    const looks = async (date: string, ...args: readonly string[]): Promise<boolean> => {
      requests = 0;
      const folder = ['--dir', join(scratch, 'max-age')];
      const { exit, stderr } = await at(date, process.execPath, cli.file, 'client', ...args, ...folder);
      expect(exit, stderr).toBe(0);
      return requests > 0;
    };
    await looks('2030-06-10', 'init', await root(), '--metadata-url', `${server.url}metadata/`);
    const asked: string[] = [];
    for (const date of ['2030-06-10', '2030-06-12', '2030-06-14', '2030-06-13', '2030-06-14'])
      if (await looks(date, 'refresh', '--max-age', '72h')) asked.push(date);
    expect(asked).toEqual(['2030-06-10', '2030-06-14', '2030-06-13']);
  });
});

/** From Debian's package; where it is missing its tests are skipped, but never in CI. */
function hasFaketime(): boolean {
  const there = (process.env['PATH'] ?? '')
    .split(delimiter)
    .some(place => existsSync(join(place, 'faketime')));
  if (!there && process.env['CI'] === undefined) console.warn('no faketime here: its tests are skipped');
  return there || process.env['CI'] !== undefined;
}
