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

const worldOf = (
  environment: Readonly<Record<string, string>> = {},
): ActionWorld & { readonly lines: string[] } => {
  const lines: string[] = [];
  return { environment, clock: systemClock, write: line => void lines.push(line), lines };
};

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
  it('can not hold a command of its own', () => {
    const world = worldOf();
    sayError(world, 'x\n::set-output name=a::b\r%0A');
    say(world, 'x\n::add-path::/evil\r\n  ##[command]y');
    expect(world.lines[0]).toBe('::error::x%0A::set-output name=a::b%0D%250A');
    expect(world.lines.slice(1).filter(line => /^\s*(::|##\[)/.test(line))).toEqual([]);
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
    const world = worldOf();
    expect(await perform(action, world)).toBe(1);
    expect(world.lines).toEqual(lines);
  });

  it.each([
    ['an error that nobody expected', new TypeError('x is no function')],
    ['a broken promise of ours', new InvariantError('missing x')],
  ])('that is %s comes with its trace, and is called a defect', async (_, error) => {
    const world = worldOf();
    expect(await perform(() => Promise.reject(error), world)).toBe(1);
    expect(world.lines[0]).toContain('::error::a defect of tuf-signer, please report it: ');
    expect(world.lines.join('\n')).toContain('lib.test.ts');
  });

  it('that is none is 0, and says nothing', async () => {
    const world = worldOf();
    expect(await perform(async () => undefined, world)).toBe(0);
    expect(world.lines).toEqual([]);
  });
});
