import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { testFolder } from '../support/git-repo.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const dist = path.join(root, 'actions', 'dist');

const names = readdirSync(path.join(root, 'actions')).filter(name =>
  existsSync(path.join(root, 'actions', name, 'main.ts')),
);
const yamlOf = (name: string): string => (name === 'judge' ? 'action.yml' : `actions/${name}/action.yml`);

interface ActionYaml {
  readonly inputs: Readonly<Record<string, { readonly required: boolean; readonly default?: string }>>;
  readonly outputs?: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: {
    readonly using: string;
    readonly steps: readonly {
      readonly uses?: string;
      readonly run?: string;
      readonly shell?: string;
      readonly with?: Readonly<Record<string, string>>;
      readonly env?: Readonly<Record<string, string>>;
    }[];
  };
}

it('finds the actions', () => expect(names).toHaveLength(9));

describe.each(names)('%s/action.yml', name => {
  const text = read(yamlOf(name));
  const action = parse(text) as ActionYaml;
  const { steps } = action.runs;

  it('pins what it uses by a full commit, and says its version', () => {
    expect(action.runs.using).toBe('composite');
    const uses = [...text.matchAll(/^ *(?:- )?(uses: .*)$/gm)].map(([, line]) => line);
    expect(uses.length).toBeGreaterThan(0);
    for (const line of uses) expect(line).toMatch(/^uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    expect(steps.flatMap(({ with: given }) => given?.['node-version'] ?? [])).toEqual(['24']);
  });

  it('runs its bundle and nothing else, and puts no value into a script', () => {
    const runs = steps.flatMap(({ run }) => run ?? []);
    const folder = name === 'judge' ? 'actions/dist' : '../dist';
    expect(runs).toEqual([`node "$GITHUB_ACTION_PATH/${folder}/${name}.mjs"`]);
    expect(existsSync(path.join(dist, `${name}.mjs`))).toBe(true);
  });

  it('hands on each input that is read, and no other', () => {
    const env = steps.find(({ run }) => run !== undefined)?.env ?? {};
    const inputs = Object.keys(action.inputs);
    expect(env).toEqual(
      Object.fromEntries(
        inputs.map(input => [`INPUT_${input.replaceAll('-', '_').toUpperCase()}`, `\${{ inputs.${input} }}`]),
      ),
    );
    const sources = [
      `actions/${name}/action.ts`,
      'actions/lib/clone.ts',
      'actions/lib/github.ts',
      'actions/lib/trusted-root.ts',
    ];
    const source = sources.map(read).join('\n');
    for (const input of inputs) expect(source).toMatch(new RegExp(`(?:nput|isSet)\\(world, '${input}'`));
    for (const [, input = ''] of read(`actions/${name}/action.ts`).matchAll(
      /(?:nput|isSet)\(world, '([a-z-]+)'/g,
    ))
      expect(inputs).toContain(input);
  });

  it('names the outputs that are set', () => {
    const set = [...read(`actions/${name}/action.ts`).matchAll(/setOutput\('([a-z]+)'/g)].map(
      ([, output]) => output,
    );
    expect(new Set(Object.keys(action.outputs ?? {}))).toEqual(new Set(set));
  });
});

describe('actions/dist', () => {
  it('is what the sources make', { timeout: 60_000 }, async () => {
    await using folder = await testFolder();
    const out = path.join(folder.path, 'dist');
    const built = spawnSync(process.execPath, ['script/build-actions.mjs', out], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(built.stderr).toBe('');
    const files = readdirSync(out).sort();
    expect(readdirSync(dist).sort()).toEqual(files);
    for (const file of files) {
      const same = readFileSync(path.join(out, file)).equals(readFileSync(path.join(dist, file)));
      expect(same, `${file} differs: run node script/build-actions.mjs`).toBe(true);
    }
  });

  it.each(names)('%s.mjs is small, needs nothing beside it, and knows no card', name => {
    const bundle = readFileSync(path.join(dist, `${name}.mjs`), 'utf8');
    expect(bundle.length).toBeLessThanOrEqual(1_200_000);
    const imports = [
      ...bundle.matchAll(/\bfrom\s*"([@\w/:-]+)"|\b(?:import|require)\(\s*"([@\w/:-]+)"\s*\)/g),
    ].map(match => match[1] ?? match[2]);
    expect(imports.length).toBeGreaterThan(1);
    expect(imports.filter(specifier => !isBuiltin(specifier ?? ''))).toEqual([]);
    expect(bundle).not.toContain('pcsc-mini');
  });

  it.each(names)('%s.mjs fails in one sentence where it is no step of a job', name => {
    const environment = { PATH: process.env['PATH'] ?? '', INPUT_TOKEN: 's3cret', INPUT_SUCCESS: 'true' };
    const ran = spawnSync(process.execPath, [path.join(dist, `${name}.mjs`)], {
      env: environment,
      encoding: 'utf8',
    });
    expect(ran.stdout).toMatch(
      /^::error::GITHUB_\w+ is not set: this runs as a step of a GitHub workflow\n$/,
    );
    expect([ran.status, ran.stderr]).toEqual([1, '']);
  });
});
