import { describe, expect, it } from 'vitest';
import { CardError } from '../../../src/signers/piv/error.ts';
import { formatPivUri, parsePivUri } from '../../../src/signers/piv/uri.ts';

describe('parsePivUri', () => {
  for (const [uri, serial, slot] of [
    ['piv:', undefined, undefined],
    ['piv:slot=9c', undefined, '9c'],
    ['piv:serial=12345678', 12_345_678, undefined],
    ['piv:serial=4294967295;slot=9a', 4_294_967_295, '9a'],
    ['piv:slot=9e;serial=1', 1, '9e'],
    ['piv:slot=82', undefined, '82'],
    ['piv:slot=95', undefined, '95'],
  ] as const) {
    it(`reads ${uri}`, () => {
      const parsed = parsePivUri(uri);
      expect(parsed).toEqual({ serial, slot });
      expect(parsePivUri(formatPivUri(parsed))).toEqual(parsed);
    });
  }

  for (const uri of [
    '',
    'piv',
    'PIV:',
    'file:key.pem',
    'piv:12345678',
    'piv:serial',
    'piv:serial=',
    'piv:serial=0',
    'piv:serial=007',
    'piv:serial=-1',
    'piv:serial=1e3',
    'piv:serial=4294967296',
    'piv:serial=1;',
    'piv:;slot=9c',
    'piv:serial=1;serial=2',
    'piv:serial=1=2',
    'piv:slot=9C',
    'piv:slot=9z',
    'piv:slot=81',
    'piv:slot=96',
    'piv:slot=9b',
    'piv:slot=f9',
    'piv:slot=',
    'piv:slot=__proto__',
    'piv:pin=123456',
    'piv: serial=1',
  ]) {
    it(`refuses ${JSON.stringify(uri)}`, () => {
      expect(() => parsePivUri(uri)).toThrow(CardError);
    });
  }
});
