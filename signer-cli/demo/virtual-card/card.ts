import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Command, Response } from '../../../src/signers/piv/apdu.ts';
import { atLeast, type Firmware, INS, PIV_AID } from '../../../src/signers/piv/applet.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { ApduPort } from './apdu-port.ts';
import { certificateObject, selfSignedCertificate } from './certificate.ts';
import { getData, getMetadata, getSerial, getVersion, putData } from './data-commands.ts';
import { authenticate, generate, setManagementKey } from './key-commands.ts';
import { loadP256, pinPolicyOf, touchPolicyOf } from './keys.ts';
import { AES_192, DEFAULT_MANAGEMENT_KEY, ManagementKey, TRIPLE_DES } from './management.ts';
import { CERTIFICATE_TAGS, chuid, PROPERTY_TEMPLATE, TAG_CHUID } from './objects.ts';
import { changeReference, resetRetry, verify } from './pin-commands.ts';
import { GuardedSecret } from './secrets.ts';
import { type CardState, type Handler, NOTHING, newSession, ok, refuse } from './state.ts';

export interface VirtualCardOptions {
  readonly serial: number;
  /** 5.4.3 by default. GET METADATA is there from 5.3, AES management keys from 5.4. */
  readonly firmware?: Firmware;
  /** 6 to 8 characters; `123456` by default, as on a new YubiKey. */
  readonly pin?: string;
  /** 8 characters; `12345678` by default. */
  readonly puk?: string;
  /** 24 bytes; the factory default where absent. */
  readonly managementKey?: Uint8Array;
  /** 3DES (03) by default; AES-192 (0A) from firmware 5.7, as on a new YubiKey. */
  readonly managementAlgorithm?: number;
  /** PEM of a P-256 key to find in slot 9c, with a self-signed certificate. Absent: the slot is empty. */
  readonly privateKey?: string;
  /** Touch policy of that key: 1 never (default), 2 always. */
  readonly touchPolicy?: number;
}

/** ATR of a YubiKey 5: its historical bytes spell "YubiKey". */
export const YUBIKEY_ATR: Uint8Array = Buffer.from('3bfd1300008131fe158073c021c057597562694b657940', 'hex');

const MAX_TRIES = 3;

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  [INS.getData, getData],
  [0xdb, putData],
  [INS.verify, verify],
  [0x24, changeReference],
  [0x2c, resetRetry],
  [INS.generate, generate],
  [0xff, setManagementKey],
  [INS.metadata, getMetadata],
  [INS.serial, getSerial],
  [INS.version, getVersion],
]);

/**
 * A PIV card in software: state and behaviour of a YubiKey's PIV applet for P-256 keys. For the demo and tests only: it keeps its
 * keys in memory and guards nothing. Nonces, witnesses and generated keys are random, all else follows from the options.
 * Sources: NIST SP 800-73-4 part 2; Yubico's PIV documentation for INS F7 to FF.
 */
export class VirtualCard {
  readonly #state: CardState;
  readonly #port = new ApduPort(command => this.#dispatch(command));

  constructor(options: VirtualCardOptions) {
    const { serial, firmware = [5, 4, 3], pin = '123456', puk = '12345678' } = options;
    const algorithm = options.managementAlgorithm ?? defaultAlgorithm(firmware);
    const management = ManagementKey.create(algorithm, options.managementKey ?? DEFAULT_MANAGEMENT_KEY);
    if (management === undefined) throw new RangeError('no such management key');
    this.#state = {
      serial,
      firmware,
      pin: new GuardedSecret(pin, MAX_TRIES),
      puk: new GuardedSecret(puk, MAX_TRIES),
      keys: new Map(),
      objects: new Map([[TAG_CHUID, chuid(serial)]]),
      management,
      session: newSession(),
    };
    if (options.privateKey !== undefined)
      this.putKey(0x9c, loadP256(options.privateKey), options.touchPolicy);
  }

  get serial(): number {
    return this.#state.serial;
  }

  get pinTriesLeft(): number {
    return this.#state.pin.left;
  }

  /** Puts a P-256 key and a certificate for it into a slot, as a setup tool would. */
  putKey(slot: number, privateKey: KeyObject, touchPolicy = 0): void {
    const tag = CERTIFICATE_TAGS.get(slot);
    if (tag === undefined) throw new RangeError(`no slot ${slot.toString(16)}`);
    this.#state.keys.set(slot, {
      privateKey,
      origin: 'generated',
      pinPolicy: pinPolicyOf(slot, 0),
      touchPolicy: touchPolicyOf(touchPolicy),
    });
    const certificate = selfSignedCertificate(privateKey, `virtual card ${this.serial}`);
    this.#state.objects.set(tag, certificateObject(certificate));
  }

  /** The public key in a slot; `undefined` where the slot is empty. */
  publicKey(slot = 0x9c): KeyObject | undefined {
    const key = this.#state.keys.get(slot);
    return key === undefined ? undefined : createPublicKey(key.privateKey);
  }

  /** Power-on or reset: everything that was verified or selected is forgotten. */
  reset(): void {
    this.#port.reset();
    this.#forget();
  }

  /** Answers one command APDU. Never throws. */
  process(apdu: Uint8Array): Uint8Array {
    return this.#port.process(apdu);
  }

  #forget(): void {
    this.#state.session = newSession();
    this.#state.management.reset();
  }

  #dispatch(command: Command): Response {
    const { session } = this.#state;
    const wasPinFresh = session.isPinFresh;
    session.isPinFresh = false;
    if (command.cla !== 0) return refuse(0x6e00);
    if (command.ins === INS.select) return this.#select(command);
    const handler = command.ins === INS.authenticate ? authenticate(wasPinFresh) : HANDLERS.get(command.ins);
    if (handler === undefined || !session.isSelected) return refuse(0x6d00);
    try {
      return handler(this.#state, command);
    } catch (error) {
      // Data that is no BER-TLV: the strict decoder is shared with the host's side.
      if (error instanceof CardError) return refuse(0x6a80);
      throw error;
    }
  }

  /** SELECT. Another applet's name leaves things as they are. NIST SP 800-73-4 part 2, section 3.1.1. */
  #select(command: Command): Response {
    const aid = command.data ?? NOTHING;
    const isPiv = aid.length >= PIV_AID.length && PIV_AID.every((byte, index) => aid[index] === byte);
    if (command.p1 !== 0x04 || !isPiv) return refuse(0x6a82);
    this.#state.session.isSelected = true;
    return ok(PROPERTY_TEMPLATE);
  }
}

const defaultAlgorithm = (firmware: Firmware): number =>
  atLeast(firmware, [5, 7, 0]) ? AES_192 : TRIPLE_DES;
