import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pcscTransport } from '../../../src/signers/piv/pcsc.ts';
import type { CardTransport } from '../../../src/signers/piv/transport.ts';

/** pcscd's own socket: it takes no other (clients would, by PCSCLITE_CSOCK_NAME). */
const SOCKET = '/run/pcscd/pcscd.comm';
const DRIVERS = ['/usr/lib/pcsc/drivers/serial/libifdvpcd.so'];
/** A name that yubico-piv-tool and ykman take for a YubiKey. */
const READER = 'Yubico YubiKey CCID';
const START_MS = 10_000;

/** A real pcscd of our own, with two empty vpcd slots. Disposing ends it. */
export interface PcscDaemon extends AsyncDisposable {
  /** Where cards attach: the port of slot 0 and of slot 1. */
  readonly ports: readonly [number, number];
  /** The readers' names as PC/SC gives them. */
  readonly readers: readonly [string, string];
  /**
   * Sees what is in the readers. One for the daemon's whole life: to close a transport can block this thread for a minute (the
   * binding's SCardCancel is lost where its own thread is not waiting), and the cards live in this thread.
   */
  readonly watcher: CardTransport;
  /** Ends the daemon now, as when the service is stopped under a running command. */
  stop(): Promise<void>;
}

/**
 * Starts `pcscd -f` with a configuration of its own. Throws where the programs are missing, or where another pcscd runs: that one
 * is not ours to stop. One at a time: pcscd has one socket a machine.
 */
export async function startPcscd(): Promise<PcscDaemon> {
  const driver = DRIVERS.find(existsSync);
  if (driver === undefined) throw new Error('vsmartcard-vpcd is not installed: run script/interop');
  if (await answers(SOCKET))
    throw new Error(`another pcscd answers on ${SOCKET}: stop it, then run the interop tests`);
  const port = await freePorts();
  const folder = await mkdtemp(join(tmpdir(), 'tuf-signer-pcscd-'));
  await writeFile(join(folder, 'vpcd'), readerConfiguration(driver, port));
  const output: string[] = [];
  const child = spawn('pcscd', ['--foreground', '--config', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const ended = endOf(child);
  const watcher = pcscTransport();
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
    await ended;
    await watcher[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  for (let waited = 0; !(await answers(SOCKET)); waited += 50) {
    if (waited > START_MS || child.exitCode !== null) {
      await stop();
      throw new Error(`pcscd did not start:\n${output.join('')}`);
    }
    await sleep(50);
  }
  return {
    ports: [port, port + 1],
    readers: [`${READER} 00 00`, `${READER} 00 01`],
    watcher,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Source: reader.conf(5); vpcd takes its port from the device name. */
function readerConfiguration(driver: string, port: number): string {
  const hex = `0x${port.toString(16).toUpperCase()}`;
  return [
    `FRIENDLYNAME "${READER}"`,
    `DEVICENAME /dev/null:${hex}`,
    `LIBPATH ${driver}`,
    `CHANNELID ${hex}`,
    '',
  ].join('\n');
}

const endOf = (child: ChildProcess): Promise<void> =>
  new Promise(resolve => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });

const answers = (path: string): Promise<boolean> =>
  new Promise(resolve => {
    const socket = connect(path);
    const done = (isThere: boolean) => (): void => {
      socket.destroy();
      resolve(isThere);
    };
    socket.once('connect', done(true));
    socket.once('error', done(false));
  });

/** The first of two adjacent free TCP ports: vpcd's second slot listens one above its first. */
async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const first = await listen(0);
    const second = await listen(first.port + 1).catch(() => undefined);
    await first.close();
    await second?.close();
    if (second !== undefined) return first.port;
  }
  throw new Error('no two adjacent free ports');
}

async function listen(port: number): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    close: () =>
      new Promise(resolve => {
        server.close(() => {
          resolve();
        });
      }),
  };
}
