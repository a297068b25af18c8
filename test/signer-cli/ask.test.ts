import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { terminalAsker } from '../../signer-cli/ask.ts';

test('neither a question nor what is proposed steers the terminal; what is proposed is the answer', async () => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  const asker = terminalAsker(input, output, false);
  const asked = asker.text('Who\u001b[2J?', '@a\u001b]0;x\u0007');
  input.write('\n');
  expect(await asked).toBe('@a\u001b]0;x\u0007');
  const screen = String(output.read());
  expect(screen).toContain('Who');
  // oxlint-disable-next-line no-control-regex
  expect(screen).not.toMatch(/[\u001b\u0007]/);
});

const terminal = (columns: number) => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = Object.assign(new PassThrough(), { isTTY: true, columns });
  return { input, output, asker: terminalAsker(input, output, false) };
};

test('a question that is too long for the terminal breaks between words', async () => {
  const { input, output, asker } = terminal(24);
  const asked = asker.confirm('Do you trust this root from now on?');
  input.write('y\n');
  expect(await asked).toBe(true);
  expect(String(output.read())).toContain('Do you trust this root\n');
});

test('where input ends, what is said next begins a line', async () => {
  const { input, output, asker } = terminal(80);
  const asked = asker.text('Who?');
  input.end();
  await expect(asked).rejects.toMatchObject({ code: 'DECLINED' });
  expect(String(output.read())).toMatch(/\n$/);
});
