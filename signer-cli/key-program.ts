import type { Command } from 'commander';
import type { Run } from './program.ts';

const INTRODUCTION = `Your cards and the keys on them.

A card (a YubiKey, or any with the PIV applet) holds your private key and never gives it away. A PIN lets you
use it; three wrong ones block the PIN, and the PUK unblocks it. Which commands spend a PIN try is said with
each; none sends a PIN to another card than the one it names.`;

const EXAMPLES = `
A new card, from the beginning:
  tuf-signer key doctor                    what is missing, and how to mend it
  tuf-signer key change-pin                every new card has the same PIN: change it
  tuf-signer key change-puk                and the PUK, which unblocks the PIN
  tuf-signer key generate                  a P-256 key in slot 9c: every TUF client can verify it
  tuf-signer key list                      see it
  tuf-signer key attest --out card.pem     the card's own word that it made the key

Several cards: choose one by --card SERIAL. Secrets are typed unseen, or come from files and file
descriptors; they are never arguments, which everybody on the machine can read.`;

/** Adds a command below `parent`, with the options that all have. */
export type Adder = (usage: string, description: string) => Command;

/** `tuf-signer key …`. */
export function addKeyCommands(program: Command, adderOf: (parent: Command) => Adder): void {
  const key = program
    .command('key')
    .description(INTRODUCTION)
    .summary('your cards: list, generate, attest, change-pin, change-puk, unblock, doctor')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  const add = adderOf(key);
  add('list', 'readers, cards, their keys, and what those sign in this repository; costs no PIN try')
    .option('--card <serial>', 'only this card')
    .option('--json', 'print JSON');
  pinOptions(
    cardOption(add('generate', 'make a key on the card, and the certificate that other tools expect beside it')),
  )
    .option('--slot <slot>', '9a, 9c, 9d, 9e, or 82 to 95', '9c')
    .option('--algorithm <name>', 'p256, p384, ed25519, rsa2048, rsa3072 or rsa4096', 'p256')
    .option('--pin-policy <policy>', "never, once or always (default: the slot's, always for 9c)")
    .option('--touch-policy <policy>', "never, always or cached for 15 s (default: the card's, never)")
    .option('--management-key-file <file>', 'a file that holds the management key in hex')
    .option('--management-key-fd <number>', 'a file descriptor to read the management key from')
    .option('--overwrite <serial>', 'replace the key in the slot of the card with this serial, for ever')
    .option('--json', 'print JSON');
  cardOption(
    add('attest', "print the card's certificate for the key in a slot, and the vendor's for the card; no PIN"),
  )
    .option('--slot <slot>', '9a, 9c, 9d, 9e, or 82 to 95', '9c')
    .option('--out <file>', 'write it to a new file');
  newPinOptions(
    pinOptions(cardOption(add('change-pin', 'set a new PIN; a wrong old one spends one of its tries'))),
  );
  pukOptions(cardOption(add('change-puk', 'set a new PUK; a wrong old one spends one of its tries')))
    .option('--new-puk-file <file>', 'a file that holds the new PUK')
    .option('--new-puk-fd <number>', 'a file descriptor to read the new PUK from');
  newPinOptions(
    pukOptions(
      cardOption(add('unblock', 'set a new PIN by the PUK, with all tries; a wrong PUK spends one of its own')),
    ),
  );
  add('doctor', 'look at card service, card and clone: exit 0, or 69 where something fails; costs no PIN try').option(
    '--json',
    'print JSON',
  );
}

const cardOption = (command: Command): Command =>
  command.option('--card <serial>', 'which card, where there are several');

const pinOptions = (command: Command): Command =>
  command
    .option('--pin-file <file>', 'a file that holds the PIN (also: TUF_SIGNER_PIN)')
    .option('--pin-fd <number>', 'a file descriptor to read the PIN from');

const newPinOptions = (command: Command): Command =>
  command
    .option('--new-pin-file <file>', 'a file that holds the new PIN')
    .option('--new-pin-fd <number>', 'a file descriptor to read the new PIN from');

const pukOptions = (command: Command): Command =>
  command
    .option('--puk-file <file>', 'a file that holds the PUK')
    .option('--puk-fd <number>', 'a file descriptor to read the PUK from');

/** The code of each, loaded when it is run. */
export const keyRunners: readonly (readonly [string, () => Promise<Run>])[] = [
  ['key list', async () => (await import('./commands/key/list.ts')).run],
  ['key generate', async () => (await import('./commands/key/generate.ts')).run],
  ['key attest', async () => (await import('./commands/key/attest.ts')).run],
  ['key change-pin', async () => (await import('./commands/key/change-pin.ts')).run],
  ['key change-puk', async () => (await import('./commands/key/change-puk.ts')).run],
  ['key unblock', async () => (await import('./commands/key/unblock.ts')).run],
  ['key doctor', async () => (await import('./commands/key/doctor.ts')).run],
];
