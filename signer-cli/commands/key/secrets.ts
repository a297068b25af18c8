import { timingSafeEqual } from 'node:crypto';
import { requirePinForm } from '../../../src/signers/piv/pin-commands.ts';
import type { Asker } from '../../ask.ts';
import { readGivenSecret, type SecretSource } from '../../secret-source.ts';
import { UsageError } from '../../usage-error.ts';

/** The secrets of one command, each typed unseen or from its source. Disposing zeroes all of them. */
export class Secrets implements Disposable {
  readonly #asker: Asker;
  readonly #held: Uint8Array[] = [];

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  /** A PIN or PUK as the card has it. Throws {@link CardError} `PIN_FORM` for what can be none, {@link UsageError}. */
  async current(name: 'PIN' | 'PUK', owner: string, source: SecretSource): Promise<Uint8Array> {
    return this.#checked(name, await this.#take(`${name} of ${owner}:`, name, source));
  }

  /** A PIN or PUK to be: at the terminal it is typed twice. Throws as {@link current}. */
  async replacement(name: 'PIN' | 'PUK', owner: string, source: SecretSource): Promise<Uint8Array> {
    const given = this.#hold(await readGivenSecret(source, `new ${name}`));
    if (given !== undefined) return this.#checked(name, given);
    const first = this.#checked(
      name,
      await this.#take(`New ${name} of ${owner} (6 to 8 characters):`, name, {}),
    );
    const second = await this.#take(`The same new ${name} again:`, name, {});
    if (first.length !== second.length || !timingSafeEqual(first, second))
      throw new UsageError(
        `the new ${name} was typed in two ways: nothing was changed, run the command again`,
      );
    return first;
  }

  /** A management key, written in hex. Throws {@link UsageError}. */
  async managementKey(source: SecretSource, question?: string): Promise<Uint8Array | undefined> {
    const name = 'management key';
    const given = this.#hold(await readGivenSecret(source, name));
    const text = given ?? (question === undefined ? undefined : await this.#take(question, name, {}));
    return text === undefined ? undefined : this.#hold(decodeHex(text));
  }

  async #take(question: string, name: string, source: SecretSource): Promise<Uint8Array> {
    const given = await readGivenSecret(source, name);
    return this.#hold(given ?? (await this.#asker.secret(question)));
  }

  #checked(name: 'PIN' | 'PUK', secret: Uint8Array): Uint8Array {
    requirePinForm(secret, name);
    return secret;
  }

  #hold<T extends Uint8Array | undefined>(secret: T): T {
    if (secret !== undefined) this.#held.push(secret);
    return secret;
  }

  [Symbol.dispose](): void {
    for (const secret of this.#held) secret.fill(0);
  }
}

/** Bytes written in hex; never by way of a string, which could not be zeroed. Throws {@link UsageError}. */
function decodeHex(text: Uint8Array): Uint8Array {
  const digits = text.filter(byte => byte !== 0x20 && byte !== 0x09);
  const bytes = new Uint8Array(digits.length >> 1);
  const isHex = digits.length % 2 === 0 && digits.every(digit => digitOf(digit) >= 0);
  if (isHex) for (const index of bytes.keys()) bytes[index] = byteAt(digits, index);
  digits.fill(0);
  if (!isHex || bytes.length === 0)
    throw new UsageError('a management key is written as 32, 48 or 64 hex digits');
  return bytes;
}

const byteAt = (digits: Uint8Array, index: number): number =>
  digitOf(digits[2 * index] ?? 0) * 16 + digitOf(digits[2 * index + 1] ?? 0);

/** The value of one hex digit in ASCII; -1 where it is none. */
function digitOf(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
