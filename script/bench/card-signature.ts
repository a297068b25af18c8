// Prints the seconds that one signature takes on the host beside the card's own work: warm, the median of many.
import { readFileSync } from 'node:fs';
import { VirtualCard } from '../../signer-cli/demo/virtual-card/card.ts';
import { virtualTransport } from '../../signer-cli/demo/virtual-card/transport.ts';
import { computeKeyid, decodeKey } from '../../src/metadata/key.ts';
import { readPublicKey } from '../../src/signers/piv/cards.ts';
import { PivSigner } from '../../src/signers/piv/signer.ts';

const ROUNDS = 100;
const PAYLOAD = Buffer.alloc(4_096, 'payload');

const card = new VirtualCard({ serial: 10_000_001, privateKey: readFileSync(process.argv[2] ?? '', 'utf8') });
let inCard = 0;
const respond = card.respond.bind(card);
card.respond = async apdu => {
  const begin = performance.now();
  try {
    return await respond(apdu);
  } finally {
    inCard += performance.now() - begin;
  }
};
const transport = virtualTransport([card]);
const { keytype, scheme, publicText } = await readPublicKey(transport);
const raw = { keytype, scheme, keyval: { public: publicText } };
const key = decodeKey(computeKeyid(raw), raw, 'key');
const prompts = { requestPin: async () => Buffer.from('123456'), confirmLastTry: async () => false };
await using signer = new PivSigner({ transport, prompts });

const times: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  inCard = 0;
  const begin = performance.now();
  await signer.sign(key, PAYLOAD);
  times.push(performance.now() - begin - inCard);
}
times.sort((a, b) => a - b);
process.stdout.write(String((times[ROUNDS / 2] ?? 0) / 1_000));
