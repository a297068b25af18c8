import { describe, expect, it } from 'vitest';
import { say, sayError } from '../../actions/lib/commands.ts';
import { perform } from '../../actions/lib/run.ts';
import {
  type ActionWorld,
  booleanInput,
  input,
  numberInput,
  requiredInput,
} from '../../actions/lib/world.ts';
import { systemClock } from '../../src/clock.ts';
import { InvariantError } from '../../src/errors.ts';
import { OperationError } from '../../src/operations/error.ts';
import { asJob, contextOfJob } from '../support/action-world.ts';

const JOB = {
  GITHUB_SERVER_URL: 'https://x',
  GITHUB_API_URL: 'https://api.x',
  GITHUB_GRAPHQL_URL: 'https://api.x/graphql',
  GITHUB_REPOSITORY: 'octo/tuf',
  GITHUB_REF: 'refs/heads/main',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_RUN_ID: '7',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_WORKFLOW: 'TUF',
} as const;

const worldOf = (environment: Readonly<Record<string, string>> = {}): ActionWorld => ({
  environment: { ...JOB, ...environment },
  context: contextOfJob(),
  clock: systemClock,
});

const said = (act: () => Promise<number>): ReturnType<typeof asJob<number>> => asJob(JOB, act);

describe('inputs', () => {
  it.each([
    ['a word', { INPUT_TRUSTED_ROOT: ' x ' }, 'x'],
    ['nothing', { INPUT_TRUSTED_ROOT: ' ' }, undefined],
    ['no variable', {}, undefined],
  ])('%s', (_, environment, expected) => expect(input(worldOf(environment), 'trusted-root')).toBe(expected));

  it.each([
    ['empty', (world: ActionWorld) => requiredInput(world, 'none')],
    ['no boolean', (world: ActionWorld) => booleanInput(world, 'word')],
    ['no number', (world: ActionWorld) => numberInput(world, 'word', 0)],
    ['too small a number', (world: ActionWorld) => numberInput(world, 'zero', 1)],
    ['an inherited member', (world: ActionWorld) => requiredInput(world, 'constructor')],
  ])('that is %s is refused', (_, act) => {
    expect(() => act(worldOf({ INPUT_WORD: 'word', INPUT_ZERO: '0' }))).toThrow(
      expect.objectContaining({ code: 'BAD_INPUT' }),
    );
  });
});

describe('what the runner is told', () => {
  it('can not hold a command of its own', async () => {
    const { lines } = await said(async () => {
      sayError('x\n::set-output name=a::b\r%0A');
      say('x\n::add-path::/evil\r\n  ##[command]y');
      return 0;
    });
    expect(lines[0]).toBe('::error::x%0A::set-output name=a::b%0D%250A');
    expect(lines.slice(1)).toHaveLength(3);
    expect(lines.slice(1).filter(line => /^\s*(::|##\[)/.test(line))).toEqual([]);
  });
});

describe('a failure', () => {
  it.each([
    ['that an action gives back', async () => 'rejected', ['::error::rejected']],
    [
      'of the world',
      async () => Promise.reject(new OperationError('RACE_LOST', 'try again')),
      ['::error::try again'],
    ],
  ])('%s is one sentence', async (_, action, lines) => {
    expect(await said(() => perform(action, worldOf()))).toEqual({ exitCode: 1, lines });
  });

  it.each(Object.keys(JOB))('that %s is not set is found before anything is done', async name => {
    const action = async (): Promise<string> => 'was done';
    const { lines } = await said(() => perform(action, worldOf({ [name]: ' ' })));
    expect(lines).toEqual([`::error::${name} is not set: this runs as a step of a GitHub workflow`]);
  });

  it.each([
    ['an error that nobody expected', new TypeError('x is no function')],
    ['a broken promise of ours', new InvariantError('missing x')],
  ])('that is %s comes with its trace, and is called a defect', async (_, error) => {
    const { exitCode, lines } = await said(() => perform(() => Promise.reject(error), worldOf()));
    expect(exitCode).toBe(1);
    expect(lines[0]).toContain('::error::a defect of tuf-signer, please report it: ');
    expect(lines.join('\n')).toContain('lib.test.ts');
  });

  it('that is none is 0, and says nothing', async () => {
    expect(await said(() => perform(async () => undefined, worldOf()))).toEqual({ exitCode: 0, lines: [] });
  });
});
