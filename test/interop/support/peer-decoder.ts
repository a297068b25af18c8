import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a decoder read in a document. */
export interface Reading {
  readonly type: string;
  readonly version: number;
  /** `YYYY-MM-DDTHH:MM:SSZ` */
  readonly expires: string;
  /** Of the keys that it hands on, sorted. */
  readonly keyids: readonly string[];
  /** Has the delegator's quorum signed it? */
  readonly verified: boolean;
}

/** `error`: python-tuf's own words, the innermost cause last. */
export type PeerReading = Reading | { readonly error: string };

export interface Question {
  readonly role: string;
  readonly delegator: string;
  readonly bytes: Uint8Array;
}

const projectFile = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const PYTHON = projectFile('.interop/python-tuf/bin/python');
const SCRIPT = projectFile('test/interop/python-client/decoder.py');

/** python-tuf's answers, one for each question. `delegators` are documents by role. Throws where it is not installed. */
export async function askPythonTuf(
  delegators: Readonly<Record<'root' | 'targets', Uint8Array>>,
  questions: readonly Question[],
): Promise<readonly PeerReading[]> {
  if (!existsSync(PYTHON)) throw new Error('python-tuf is not installed: run script/interop');
  const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-decoder-'));
  try {
    for (const [role, bytes] of Object.entries(delegators))
      await writeFile(join(folder, `${role}.json`), bytes);
    const lines = questions.map(({ role, delegator, bytes }) =>
      JSON.stringify({ role, delegator, document: Buffer.from(bytes).toString('base64') }),
    );
    const answers = (await converse([SCRIPT, folder], lines.join('\n'))).trimEnd().split('\n');
    if (answers.length !== questions.length) throw new Error(`python-tuf gave ${answers.length} answers`);
    return answers.map(line => JSON.parse(line) as PeerReading);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const converse = (args: readonly string[], input: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const child = spawn(PYTHON, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', code =>
      code === 0 ? resolve(output) : reject(new Error(`python-tuf's decoder ended with ${code}`)),
    );
    child.stdin.end(input);
  });
