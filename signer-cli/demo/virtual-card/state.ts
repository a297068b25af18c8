import { type Command, type Response, SW_OK } from '../../../src/signers/piv/apdu.ts';
import type { Firmware } from '../../../src/signers/piv/applet.ts';
import type { AttestationDevice, AttestedKey } from './attestation-ca.ts';
import type { StoredKey } from './keys.ts';
import type { ManagementKey } from './management.ts';
import type { GuardedSecret } from './secrets.ts';
import type { TouchSensor } from './touch.ts';

/** All that a virtual card knows. What a reset forgets is in `session`. */
export interface CardState {
  readonly serial: number;
  readonly firmware: Firmware;
  readonly pin: GuardedSecret;
  readonly puk: GuardedSecret;
  /** By key reference. */
  readonly keys: Map<number, StoredKey>;
  /** Content of data objects (what stands inside 53) by tag. */
  readonly objects: Map<number, Uint8Array>;
  readonly touch: TouchSensor;
  /** What attestations say of the card, and where they lie. */
  readonly attested: Partial<AttestedKey>;
  /** Makes what slot F9 holds from the factory; absent once it was made, since few tests ask for it. */
  factory: (() => AttestationDevice) | undefined;
  management: ManagementKey;
  session: Session;
}

export interface Session {
  isSelected: boolean;
  isPinVerified: boolean;
  /** VERIFY was the command right before: what PIN policy "always" asks for. */
  isPinFresh: boolean;
}

export const newSession = (): Session => ({ isSelected: false, isPinVerified: false, isPinFresh: false });

/** Answers one command after the PIV applet was selected. May throw the TLV decoder's {@link CardError}. */
export type Handler = (state: CardState, command: Command) => Response;

/** Key references that are no slot. Source: NIST SP 800-73-4 part 1, table 4a and 4b. */
export const REFERENCE = { pin: 0x80, puk: 0x81, management: 0x9b } as const;

export const NOTHING: Uint8Array = new Uint8Array(0);
export const ok = (data: Uint8Array = NOTHING): Response => ({ data, sw: SW_OK });
export const refuse = (sw: number): Response => ({ data: NOTHING, sw });

/** Tag of a data object, from the value of its tag list (5C). */
export const toTag = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum * 0x100 + byte, 0);
