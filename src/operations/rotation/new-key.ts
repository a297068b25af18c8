import { listed, longId } from '../../event/words.ts';
import { computeKeyid, decodeKey, requirePublicKey } from '../../metadata/key.ts';
import type { KeyOwner } from '../../metadata/names.ts';
import type { KeyObject } from '../../repository/delegator-edits.ts';
import { personKey } from '../../repository/documents.ts';
import { CardError } from '../../signers/piv/error.ts';
import type { EnrollableKey, PersonalSigner } from '../../signers/signer.ts';
import { OperationError } from '../error.ts';
import type { Prompter } from '../prompter.ts';

/** The key that takes the place of an old one. */
export interface NewKey {
  readonly object: KeyObject;
  readonly fingerprint: string;
  /** For people: where it is. */
  readonly place: string;
  readonly readAttestation: EnrollableKey['readAttestation'];
}

export interface NewKeyRequest {
  readonly signer: PersonalSigner;
  readonly prompter: Pick<Prompter, 'insert' | 'progress'>;
  readonly owner: KeyOwner;
  /** Fingerprints of the keys that the person has on main: none of them is new. */
  readonly present: ReadonlySet<string>;
  /** Fingerprints of the keys that the event has put in their place: with nothing newer here, there is nothing to ask for. */
  readonly placed: ReadonlySet<string>;
}

/**
 * The one key here that is not one of the person's present keys; `undefined` where the event has a new one and no other is
 * here. Where there is none it is asked for, as long as somebody is there to insert a card. Throws {@link OperationError} `NO_SIGNER` (saying how to make one), `MISSING_ANSWER` where several
 * could be meant; the signer's errors.
 */
export async function findNewKey(request: NewKeyRequest): Promise<NewKey | undefined> {
  const { prompter, present, placed } = request;
  for (;;) {
    const { keys, nothing } = await keysHere(request);
    const isPlaced = ({ fingerprint }: NewKey): boolean => placed.has(fingerprint);
    const [key, ...more] = keys.filter(found => !present.has(found.fingerprint) && !isPlaced(found));
    if (key === undefined && placed.size > 0) return undefined;
    if (key !== undefined && more.length === 0) return key;
    if (key !== undefined) {
      const all = [key, ...more].map(
        ({ place, fingerprint }) => `${place} (fingerprint ${longId(fingerprint)})`,
      );
      throw new OperationError(
        'MISSING_ANSWER',
        `several keys here could be your new one: ${listed(all)}; choose by --key, as in --key piv:serial=12345678`,
      );
    }
    const places = keys.map(({ place }) => place);
    if (prompter.insert !== undefined && places.length > 0)
      prompter.progress(`${listed(places)} holds the key that you sign with now`);
    if ((await prompter.insert?.('the card with your new key')) === true) continue;
    if (nothing !== undefined) throw nothing;
    throw new OperationError('NO_SIGNER', withoutNewKey(places));
  }
}

function withoutNewKey(places: readonly string[]): string {
  const found =
    places.length === 0
      ? 'no card that is here has a key in that slot'
      : `no new key is here: what ${listed(places)} holds is what you sign with now`;
  return `${found}. Insert the card with the new key; or make one there by tuf-signer key generate; or on this card in another slot by tuf-signer key generate --slot 9a, and then give --key piv:slot=9a`;
}

/** What could be enrolled now; `nothing` where there is no card to look at. */
async function keysHere({
  signer,
  owner,
}: NewKeyRequest): Promise<{ readonly keys: readonly NewKey[]; readonly nothing: CardError | undefined }> {
  try {
    const found = (await signer.listKeys?.()) ?? [await onlyKey(signer)];
    return { keys: found.map(key => newKey(key, owner)), nothing: undefined };
  } catch (error) {
    if (error instanceof CardError && (error.code === 'NO_CARD' || error.code === 'NO_READER'))
      return { keys: [], nothing: error };
    throw error;
  }
}

const onlyKey = async (signer: PersonalSigner): Promise<EnrollableKey> => ({
  ...(await signer.readPublicKey()),
  readAttestation: async () => signer.readAttestation?.(),
});

function newKey(key: EnrollableKey, owner: KeyOwner): NewKey {
  const object = personKey(key, owner);
  const { fingerprint } = requirePublicKey(decodeKey(computeKeyid(object), object, 'your new key'));
  return { object, fingerprint, place: key.place, readAttestation: () => key.readAttestation() };
}
