import { readPublicKey } from '../src/signers/piv/cards.ts';
import { readChosenAttestation } from '../src/signers/piv/facts.ts';
import type { PinPrompts } from '../src/signers/piv/pin.ts';
import { PivSigner } from '../src/signers/piv/signer.ts';
import type { CardTransport } from '../src/signers/piv/transport.ts';
import type { PivUri } from '../src/signers/piv/uri.ts';
import type { PersonalSigner } from '../src/signers/signer.ts';

/** A {@link PersonalSigner} whose lifetime ends with the command. */
export type HeldSigner = PersonalSigner & AsyncDisposable;

/** A person's card: the key to enrol is the one in its slot. Disposing zeroes PINs and lets go of the transport. */
export function cardSigner(transport: CardTransport, prompts: PinPrompts, uri: PivUri): HeldSigner {
  const signer = new PivSigner({ transport, prompts, uri });
  return {
    sign: (key, payload) => signer.sign(key, payload),
    readPublicKey: async () => {
      const key = await readPublicKey(transport, uri);
      const card = key.serial === undefined ? `the card in ${key.reader}` : `card ${key.serial}`;
      return {
        keytype: key.keytype,
        scheme: key.scheme,
        public: key.publicText,
        place: `${card}, slot ${key.slot}`,
      };
    },
    readAttestation: () => readChosenAttestation(transport, uri),
    [Symbol.asyncDispose]: async () => {
      await signer[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}
