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
