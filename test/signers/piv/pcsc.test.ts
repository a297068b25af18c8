import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type PcscModule, pcscTransport } from '../../../src/signers/piv/pcsc.ts';
import { isPcscError, pcscError } from '../../../src/signers/piv/pcsc-error.ts';

const bindingError = (code: string): Error & { readonly code: string } =>
  Object.assign(new Error(code), { code });

/** A binding whose client starts as told and sees no reader. */
function fakeBinding(start: () => void): () => Promise<PcscModule> {
  class Client extends EventEmitter {
    start(): this {
      start();
      return this;
    }
    stop(): void {
      this.removeAllListeners();
    }
  }
  return () => Promise.resolve({ Client, ReaderStatus: { PRESENT: 32 } } as unknown as PcscModule);
}

describe('pcscTransport', () => {
  it('loads nothing until it is used', async () => {
    let loads = 0;
    const transport = pcscTransport(() => {
      loads += 1;
      return Promise.reject(new Error('libpcsclite.so.1: cannot open shared object file'));
    });
    expect(loads).toBe(0);
    await expect(transport.readers()).rejects.toMatchObject({ code: 'NO_PCSC' });
    await transport[Symbol.asyncDispose]();
    expect(loads).toBe(1);
  });

  it('says that the service is not running', async () => {
    await using transport = pcscTransport(
      fakeBinding(() => {
        throw bindingError('NoService');
      }),
    );
    await expect(transport.readers()).rejects.toMatchObject({ code: 'NO_PCSC' });
    await expect(transport.connect('x')).rejects.toThrow(/install pcscd and start it/);
  });

  it('lists no reader where the service knows none, and knows none by name', async () => {
    await using transport = pcscTransport(fakeBinding(() => undefined));
    expect(await transport.readers()).toEqual([]);
    await expect(transport.connect('x')).rejects.toMatchObject({ code: 'CARD_REMOVED' });
  });

  it('lets a defect through', async () => {
    await using transport = pcscTransport(
      fakeBinding(() => {
        throw new TypeError('a defect');
      }),
    );
    await expect(transport.readers()).rejects.toThrow(TypeError);
  });
});

describe('pcscError', () => {
  for (const [name, code] of [
    ['NoService', 'NO_PCSC'],
    ['ServiceStopped', 'NO_PCSC'],
    ['AccessDenied', 'NO_PCSC'],
    ['NoReadersAvailable', 'NO_READER'],
    ['UnknownReader', 'CARD_REMOVED'],
    ['ReaderUnavailable', 'CARD_REMOVED'],
    ['NoSmartCard', 'CARD_REMOVED'],
    ['RemovedCard', 'CARD_REMOVED'],
    ['ResetCard', 'CARD_RESET'],
    ['SharingViolation', 'CARD_BUSY'],
    ['UnresponsiveCard', 'CARD_TRANSPORT'],
    ['UnpoweredCard', 'CARD_TRANSPORT'],
    ['SomethingNew', 'CARD_TRANSPORT'],
  ] as const) {
    it(`${name}: ${code}`, () => {
      const error = pcscError(bindingError(name), 'Reader');
      expect(error).toMatchObject({ code, cause: { code: name } });
      expect(error.message).toMatch(/^Reader: /);
    });
  }

  it('knows the binding’s errors from others', () => {
    expect(isPcscError(bindingError('ResetCard'))).toBe(true);
    expect(isPcscError(new Error('x'))).toBe(false);
    expect(isPcscError('ResetCard')).toBe(false);
  });
});
