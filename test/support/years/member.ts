import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KeyOwner, parseKeyOwner } from '../../../src/metadata/names.ts';
import { folderPins } from '../../../src/operations/pin/folder.ts';
import type { PinStore } from '../../../src/operations/pin/pin.ts';
import { type FileOptions, fileSigner } from '../../../src/signers/file.ts';
import type { PersonalSigner } from '../../../src/signers/signer.ts';
import { testKey } from '../test-keys.ts';

/** Somebody with a clone, and keys in files: they come and go over the years. */
export class Member {
  readonly name: string;
  readonly owner: KeyOwner;
  readonly folder: string;
  readonly pins: PinStore;
  readonly #options: FileOptions;
  readonly #first: number;
  /** Oldest first. */
  #held: readonly string[] = [];
  #made = 0;

  /** `index`: keeps the keys of two people apart. */
  constructor(
    name: string,
    index: number,
    places: { readonly clone: string; readonly config: string; readonly keys: FileOptions },
  ) {
    this.name = name;
    this.owner = parseKeyOwner(`@${name}`);
    this.folder = places.clone;
    this.pins = folderPins(places.config);
    this.#options = places.keys;
    this.#first = 10_000 + 100 * index;
    this.makeKey();
  }

  /** A new key beside those that there are: from now on it is the one to enrol. */
  makeKey(): void {
    const file = `${this.name}-${this.#made}.pem`;
    const { privatePem } = testKey(this.#first + this.#made++);
    writeFileSync(join(this.#options.folder, file), privatePem, { mode: 0o600 });
    this.#held = [...this.#held, `file:${file}`];
  }

  /** Whatever this person could sign with is gone. */
  loseKeys(): void {
    this.#held = [];
  }

  /** What was replaced is destroyed. */
  dropOldKeys(): void {
    this.#held = this.#held.slice(-1);
  }

  get canSign(): boolean {
    return this.#held.length > 0;
  }

  /** All keys that this person holds. */
  signer(): PersonalSigner {
    const signers = this.#held.map(uri => fileSigner(uri, this.#options));
    return {
      sign: async (key, payload) => {
        for (const signer of signers) {
          const signature = await signer.sign(key, payload);
          if (signature !== undefined) return signature;
        }
        return undefined;
      },
      readPublicKey: () => {
        const newest = signers.at(-1);
        if (newest === undefined) throw new Error(`${this.name} has no key`);
        return newest.readPublicKey();
      },
    };
  }
}
