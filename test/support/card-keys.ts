import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeKey, type Key } from '../../src/metadata/key.ts';
import type { PinPrompts, PinRequest } from '../../src/signers/piv/pin.ts';

/** P-256 private keys for virtual cards, fixed so that tests repeat. They guard nothing. */
export const CARD_KEYS: readonly [string, string, string] = [
  `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgge5zrLkoLm3NEWGA
H/ubW6JjXCUcz2bUZtz+XgKLfUahRANCAAQZF6IjyhaP78GzxqlI2zEuzNHIsYus
qXKGPXkfZuJu1pg45Qi4FvepSgFhXXrnkJ7KUlgP4B1E8IuFM43gRbwt
-----END PRIVATE KEY-----
`,
  `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgigw/rwbNwGhV1Ar0
qwtemVDcZpMr9Rfg/Sa+qGkWRuChRANCAAQ8Sbb1OIzTi4iyt6TMOzyErFsblRlY
JLLamFQ2FrLn3KQwsIqaFlTeIFlkkGN7Uxt0Puqor9xnndXYFEIGZiio
-----END PRIVATE KEY-----
`,
  `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/+l/1zwt0DaIL6Qm
53Bdva1Bys9Gf7go/xQpmgt6yW+hRANCAAStTR4oPSgLGNn3J3WRiP/Yy28XPtvj
KB8P1RtjY39hq4xXk9h+w0ioaMnjIHncxcJn9n7TW6FrBm5+2eElAvyg
-----END PRIVATE KEY-----
`,
];

/** The TUF key object that enrols `publicKey`, as a document would list it. */
export function tufKey(publicKey: KeyObject, scheme = 'ecdsa-sha2-nistp256', keytype = 'ecdsa'): Key {
  const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
  return decodeKey('00'.repeat(32), { keytype, scheme, keyval: { public: pem } }, 'test');
}

/** The TUF key of one of {@link CARD_KEYS}. */
export const tufKeyOf = (privatePem: string): Key => tufKey(createPublicKey(privatePem));

/** Prompts that answer from a list of PINs and write down what they were asked. */
export interface ScriptedPrompts extends PinPrompts {
  readonly asked: PinRequest[];
  readonly lastTries: number[];
  readonly touches: number[];
  /** The very arrays handed out, so that a test can see them zeroed. */
  readonly given: Uint8Array[];
}

export function scriptedPrompts(pins: readonly string[], agreeToLastTry = false): ScriptedPrompts {
  const queue = [...pins];
  const prompts: ScriptedPrompts = {
    asked: [],
    lastTries: [],
    touches: [],
    given: [],
    requestPin: request => {
      prompts.asked.push(request);
      const pin = queue.shift();
      if (pin === undefined) return Promise.reject(new Error('asked for a PIN once too often'));
      const bytes = Uint8Array.from(Buffer.from(pin, 'latin1'));
      prompts.given.push(bytes);
      return Promise.resolve(bytes);
    },
    confirmLastTry: card => {
      prompts.lastTries.push(card.serial ?? 0);
      return Promise.resolve(agreeToLastTry);
    },
    announceTouch: card => {
      prompts.touches.push(card.serial ?? 0);
    },
  };
  return prompts;
}
