import { type CardPublicKey, listPublicKeys, readPublicKey } from '../src/signers/piv/cards.ts';
import { readChosenAttestation } from '../src/signers/piv/facts.ts';
import type { PinPrompts } from '../src/signers/piv/pin.ts';
import { PivSigner } from '../src/signers/piv/signer.ts';
import type { CardTransport } from '../src/signers/piv/transport.ts';
import type { PivUri } from '../src/signers/piv/uri.ts';
import type { PersonalSigner, PublicKeyInfo } from '../src/signers/signer.ts';

/** A {@link PersonalSigner} whose lifetime ends with the command. */
export type HeldSigner = PersonalSigner & AsyncDisposable;

/**
 * A person's card: the key to enrol is the one in its slot. Signatures come from there too, or from wherever `signing` allows.
 * Disposing zeroes PINs and lets go of the transport.
 */
export function cardSigner(
  transport: CardTransport,
  prompts: PinPrompts,
  uri: PivUri,
  signing: PivUri = uri,
): HeldSigner {
  const signer = new PivSigner({ transport, prompts, uri: signing });
  return {
    sign: (key, payload) => signer.sign(key, payload),
    readPublicKey: async () => infoOf(await readPublicKey(transport, uri)),
    readAttestation: () => readChosenAttestation(transport, uri),
    listKeys: async () => {
      const keys = await listPublicKeys(transport, uri);
      return keys.map(key => ({
        ...infoOf(key),
        readAttestation: () => readChosenAttestation(transport, { serial: key.serial, slot: key.slot }),
      }));
    },
    [Symbol.asyncDispose]: async () => {
      await signer[Symbol.asyncDispose]();
      await transport[Symbol.asyncDispose]();
    },
  };
}

function infoOf({ keytype, scheme, publicText, serial, reader, slot }: CardPublicKey): PublicKeyInfo {
  const card = serial === undefined ? `the card in ${reader}` : `card ${serial}`;
  return { keytype, scheme, public: publicText, place: `${card}, slot ${slot}` };
}
