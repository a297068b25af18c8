import { createPublicKey, type KeyObject } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, Response } from '../../../src/signers/piv/apdu.ts';
import { INS, PIV_AID } from '../../../src/signers/piv/applet.ts';
import { CardError } from '../../../src/signers/piv/error.ts';
import { ApduPort } from './apdu-port.ts';
import { attestationCa } from './attestation-ca.ts';
import { attestSlot, unpackFactory } from './attestation-commands.ts';
import { certificateObject, selfSignedCertificate } from './certificate.ts';
import { getData, getMetadata, getSerial, getVersion, putData, resetApplet } from './data-commands.ts';
import { type CardAnswer, type Fault, FaultPlan } from './faults.ts';
import { authenticate, generate, importKey, setManagementKey, waitsForTouch } from './key-commands.ts';
import { type KeyPolicies, loadP256, storedKey } from './keys.ts';
import { DEFAULT_MANAGEMENT_KEY, newManagementKey } from './management.ts';
import { CERTIFICATE_TAGS, chuid, PROPERTY_TEMPLATE, protectedKeyObjects, TAG_CHUID } from './objects.ts';
import type { VirtualCardOptions } from './options.ts';
import {
  changeReference,
  FACTORY_TRIES,
  newPin,
  newPuk,
  resetRetry,
  setRetries,
  verify,
} from './pin-commands.ts';
import { type CardState, type Handler, NOTHING, newSession, ok, refuse } from './state.ts';
import { TouchSensor } from './touch.ts';

export type { VirtualCardOptions } from './options.ts';

/** ATR of a YubiKey 5: its historical bytes spell "YubiKey". */
export const YUBIKEY_ATR: Uint8Array = Buffer.from('3bfd1300008131fe158073c021c057597562694b657940', 'hex');

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  [INS.getData, getData],
  [0xdb, putData],
  [INS.verify, verify],
  [0x24, changeReference],
  [0x2c, resetRetry],
  [INS.generate, generate],
  [INS.metadata, getMetadata],
  [INS.serial, getSerial],
  [0xf9, attestSlot],
  [0xfa, setRetries],
  [INS.version, getVersion],
  [0xfe, importKey],
  [0xff, setManagementKey],
]);
const INS_RESET = 0xfb;

/**
 * A PIV card in software: state and behaviour of a YubiKey's PIV applet. For the demo and tests only: it keeps its keys in memory
 * and guards nothing. Nonces, witnesses and generated keys are random, all else follows from the options.
 * Sources: NIST SP 800-73-4 part 2; Yubico's PIV documentation for INS F7 to FF.
 */
export class VirtualCard {
  /** What goes wrong in {@link respond}. */
  readonly faults: FaultPlan = new FaultPlan();
  readonly #state: CardState;
  readonly #port: ApduPort;

  constructor(options: VirtualCardOptions) {
    const { serial, firmware = [5, 4, 3] } = options;
    const managementKey = options.managementKey ?? DEFAULT_MANAGEMENT_KEY;
    const ca = options.attestationCa;
    this.#state = {
      serial,
      firmware,
      pin: newPin(options.pin),
      puk: newPuk(options.puk),
      keys: new Map(),
      objects: new Map([
        [TAG_CHUID, chuid(serial)],
        ...(options.isManagementKeyProtected === true ? protectedKeyObjects(managementKey) : []),
      ]),
      touch: new TouchSensor(options.touch ?? (() => true), options.now ?? (() => performance.now())),
      attested: options.attested ?? {},
      factory: () => (ca ?? attestationCa()).device({ serial, firmware }),
      management: newManagementKey(
        firmware,
        options.managementAlgorithm,
        managementKey,
        options.managementTouchPolicy,
      ),
      session: newSession(),
    };
    this.#port = new ApduPort(command => this.#dispatch(command), options.quirks);
    if (options.privateKey !== undefined) this.putKey(0x9c, loadP256(options.privateKey), options);
  }

  get serial(): number {
    return this.#state.serial;
  }

  get pinTriesLeft(): number {
    return this.#state.pin.left;
  }

  get pukTriesLeft(): number {
    return this.#state.puk.left;
  }

  /**
   * Puts a key of any algorithm and a certificate for it into a slot, as a setup tool would; `generated`, and so attested, unless
   * told otherwise. Throws `RangeError` for another slot or key.
   */
  putKey(slot: number, privateKey: KeyObject, policies: KeyPolicies = {}): void {
    const tag = CERTIFICATE_TAGS.get(slot);
    if (tag === undefined) throw new RangeError(`no slot ${slot.toString(16)}`);
    this.#state.keys.set(slot, storedKey(slot, privateKey, policies));
    const certificate = selfSignedCertificate(privateKey, `virtual card ${this.serial}`);
    this.#state.objects.set(tag, certificateObject(certificate));
  }

  /** The public key in a slot; `undefined` where the slot is empty. */
  publicKey(slot = 0x9c): KeyObject | undefined {
    const key = this.#state.keys.get(slot);
    return key === undefined ? undefined : createPublicKey(key.privateKey);
  }

  /** Content of a data object; `undefined` where there is none. */
  object(tag: number): Uint8Array | undefined {
    unpackFactory(this.#state);
    return this.#state.objects.get(tag);
  }

  /** Power-on or reset: everything that was verified or selected is forgotten. */
  reset(): void {
    this.#port.reset();
    this.#forget();
  }

  /** Answers one command APDU. Never throws, and has none of its faults. */
  process(apdu: Uint8Array): Uint8Array {
    return this.#port.process(apdu);
  }

  /** As {@link process}, as it goes in a reader: waits for a touch, and has its faults. */
  async respond(command: Uint8Array): Promise<CardAnswer> {
    const apdu = Uint8Array.from(command); // the host may give up and zero its own
    const fault = this.faults.take(apdu);
    if (fault !== undefined) return this.#suffer(fault, apdu);
    return this.#work(apdu);
  }

  async #work(apdu: Uint8Array): Promise<Uint8Array> {
    if (waitsForTouch(this.#state, apdu)) await this.#state.touch.wait();
    return this.process(apdu);
  }

  async #suffer(fault: Fault, apdu: Uint8Array): Promise<CardAnswer> {
    let answer: CardAnswer;
    switch (fault.kind) {
      case 'status':
        answer = Uint8Array.of(fault.sw >> 8, fault.sw & 0xff);
        break;
      case 'reply':
        answer = Uint8Array.from(fault.bytes);
        break;
      case 'truncate':
        answer = (await this.#work(apdu)).slice(0, fault.length);
        break;
      case 'delay':
        await sleep(fault.ms);
        answer = await this.#work(apdu);
        break;
      case 'silence':
        answer = 'silence';
        break;
      case 'pull':
        if (fault.when === 'after') await this.#work(apdu);
        answer = 'pulled';
    }
    return answer;
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
    const handler = this.#handler(command.ins, wasPinFresh);
    if (handler === undefined || !session.isSelected) return refuse(0x6d00);
    try {
      return handler(this.#state, command);
    } catch (error) {
      // Data that is no BER-TLV: the strict decoder is shared with the host's side.
      if (error instanceof CardError) return refuse(0x6a80);
      throw error;
    }
  }

  #handler(ins: number, wasPinFresh: boolean): Handler | undefined {
    if (ins === INS.authenticate) return authenticate(wasPinFresh);
    return ins === INS_RESET ? resetApplet(() => this.#restore()) : HANDLERS.get(ins);
  }

  /** PIN, PUK and management key as from the factory. */
  #restore(): void {
    const state = this.#state;
    state.pin.restore(FACTORY_TRIES);
    state.puk.restore(FACTORY_TRIES);
    state.management = newManagementKey(state.firmware);
    state.session = { ...newSession(), isSelected: true };
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
