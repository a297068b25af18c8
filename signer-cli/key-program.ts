import type { Command } from 'commander';
import type { Options, Run } from './program.ts';

const INTRODUCTION = `Your cards and the keys on them.

A card (a YubiKey, or any other with the PIV applet) holds your private key and
never gives it away. The PIN lets you use it; three wrong ones block the PIN,
and the PUK unblocks it. No command here sends a PIN to another card than the
one it names, or spends a last try unasked.`;

const EXAMPLES = `
A new card, from the beginning:
  tuf-signer key doctor                 what is missing, and how to mend it
  tuf-signer key change-pin             every new card has the same one
  tuf-signer key change-puk             and the PUK, which unblocks the PIN
  tuf-signer key generate               P-256 in slot 9c: every client can verify it
  tuf-signer key list                   see it
  tuf-signer key attest --out card.pem  the card's word that it made the key
  tuf-signer key rotate                 a new card signs instead of the old one

Several cards: choose one by --card SERIAL. Secrets are typed unseen, or come
from files and file descriptors; they are never arguments, which everybody on
the machine can read.`;

/** Adds a command, with the options that all have after its own. */
export type Adder = (usage: string, description: string, options: Options) => void;

/** `tuf-signer key …`. */
export function addKeyCommands(program: Command, adderOf: (parent: Command) => Adder): void {
  const key = program
    .command('key')
    .description(INTRODUCTION)
    .summary('your cards: list, generate, rotate, attest, change-pin, change-puk, unblock, doctor')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  const add = adderOf(key);
  add(
    'list',
    'readers, cards, their keys, and what those sign in this repository; costs no PIN try',
    command => command.option('--card <serial>', 'only this card').option('--json', 'print JSON'),
  );
  add('generate', 'make a key on the card, and the certificate that other tools expect beside it', command =>
    pin(card(generation(command))),
  );
  add(
    'rotate [event]',
    'put a new key of yours in the place of the old one, wherever that signs, and sign with both',
    command => pin(rotation(command)),
  );
  add(
    'attest',
    "print the card's certificate for the key in a slot, and the vendor's for the card; no PIN",
    command =>
      card(command.option('--slot <slot>', SLOTS, '9c').option('--out <file>', 'write it to a new file')),
  );
  add('change-pin', 'set a new PIN; a wrong old one spends one of its tries', command =>
    card(newPin(pin(command))),
  );
  add('change-puk', 'set a new PUK; a wrong old one spends one of its tries', command =>
    card(newPuk(puk(command))),
  );
  add('unblock', 'set a new PIN by the PUK, with all tries; a wrong PUK spends one of its own', command =>
    card(newPin(puk(command))),
  );
  add(
    'doctor',
    'look at card service, cards and clone: exit 0, or 69 where something fails; costs no PIN try',
    command => command.option('--json', 'print JSON'),
  );
}

const SLOTS = '9a, 9c, 9d, 9e, or 82 to 95';

const generation: Options = command =>
  command
    .option('--slot <slot>', SLOTS, '9c')
    .option('--algorithm <name>', 'p256, p384, ed25519, rsa2048, rsa3072 or rsa4096', 'p256')
    .option('--pin-policy <policy>', "never, once or always (default: the slot's, always for 9c)")
    .option('--touch-policy <policy>', "never, always or cached for 15 s (default: the card's, never)")
    .option('--management-key-file <file>', 'a file that holds the management key in hex')
    .option('--management-key-fd <number>', 'a file descriptor to read the management key from')
    .option('--overwrite <serial>', 'replace the key in the slot of the card with this serial, for ever')
    .option('--json', 'print JSON');

const ROTATE_HELP = `
Have the new key first: on a new card by tuf-signer key generate, or in another
slot of the old one by tuf-signer key generate --slot 9a (then --key
piv:slot=9a).
With one reader you are asked for one card after the other; whatever is left for
later is done by running this again, or by tuf-signer sign EVENT.

Root is handed over by main's root quorum, in which your old key still counts.
Where that key is lost the others sign without it: this tells whether they can.
The event is sign/rotate-NAME unless you name one.`;

const rotation: Options = command =>
  command
    .addHelpText('after', ROTATE_HELP)
    .option('--role <names>', 'only in these roles, as in root,targets (default: all that hold the old key)')
    .option('--key <uri>', 'where the new key is (default: piv:, slot 9c of a card that is here)')
    .option('--old-key <uri>', 'where the old one is (default: piv:, any slot of any card that is here)')
    .option('--replace <fingerprint>', 'which of several keys of yours goes; its first digits are enough')
    .option('--lost', 'the old key can not sign any more: refuse where it would have to')
    .option(
      '--trusted-root <file>',
      'the root to trust where this machine trusts none yet (default: it is shown, and asked about)',
    )
    .option('--dry-run', 'show what would change and who would have to sign; change nothing')
    .option(
      '-y, --yes',
      'answer yes to what would be asked (never spends the last PIN try, never trusts a root)',
    )
    .option('--json', 'print the outcome as JSON');

const card: Options = command => command.option('--card <serial>', 'which card, where there are several');

const pin: Options = command =>
  command
    .option('--pin-file <file>', 'a file that holds the PIN (also: TUF_SIGNER_PIN)')
    .option('--pin-fd <number>', 'a file descriptor to read the PIN from');

const newPin: Options = command =>
  command
    .option('--new-pin-file <file>', 'a file that holds the new PIN')
    .option('--new-pin-fd <number>', 'a file descriptor to read the new PIN from');

const puk: Options = command =>
  command
    .option('--puk-file <file>', 'a file that holds the PUK')
    .option('--puk-fd <number>', 'a file descriptor to read the PUK from');

const newPuk: Options = command =>
  command
    .option('--new-puk-file <file>', 'a file that holds the new PUK')
    .option('--new-puk-fd <number>', 'a file descriptor to read the new PUK from');

/** The code of each, loaded when it is run. */
export const keyRunners: readonly (readonly [string, () => Promise<Run>])[] = [
  ['key list', async () => (await import('./commands/key/list.ts')).run],
  ['key generate', async () => (await import('./commands/key/generate.ts')).run],
  ['key rotate', async () => (await import('./commands/key/rotate.ts')).run],
  ['key attest', async () => (await import('./commands/key/attest.ts')).run],
  ['key change-pin', async () => (await import('./commands/key/change-pin.ts')).run],
  ['key change-puk', async () => (await import('./commands/key/change-puk.ts')).run],
  ['key unblock', async () => (await import('./commands/key/unblock.ts')).run],
  ['key doctor', async () => (await import('./commands/key/doctor.ts')).run],
];
