// The command with a virtual card in its own process, for the bench: what it costs beside the card's own work.
import { readFileSync } from 'node:fs';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { virtualTransport } from '../../signer-cli/demo/virtual-card/transport.ts';
import { buildProgram } from '../../signer-cli/program.ts';
import { processContext } from '../../signer-cli/run-context.ts';

const [keyFile = '', ...args] = process.argv.slice(2);
const card = new VirtualCard({ serial: 10_000_001, privateKey: readFileSync(keyFile, 'utf8') });

await buildProgram(
  code => (process.exitCode = code),
  yes => ({ ...processContext(yes), openCards: () => virtualTransport([card]) }),
).parseAsync(args, { from: 'user' });
