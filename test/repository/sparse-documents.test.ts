import { expect, it } from 'vitest';
import type { Document } from '../../src/metadata/document.ts';
import type { RoleName } from '../../src/metadata/names.ts';
import { SparseDocuments } from '../../src/repository/sparse-documents.ts';
import type { Parsed } from '../../src/repository/tree.ts';

it('reads more at a time the more is asked for, and each document once', () => {
  const roles = Array.from({ length: 1_000 }, (_, i) => `role-${i}` as RoleName);
  const parsed = { ok: false } as Parsed<Document>;
  const loads: number[] = [];
  const documents = new SparseDocuments(new Map(roles.map(role => [role, undefined])), wanted => {
    loads.push(wanted.length);
    return new Map(wanted.map(role => [role, parsed]));
  });
  expect(documents.get('role-7' as RoleName)).toBe(parsed);
  expect(documents.isUnread('role-8' as RoleName)).toBe(true);
  for (const role of roles) expect(documents.get(role)).toBe(parsed);
  expect(loads).toEqual([1, 8, 64, 512, 415]);
  expect(documents.get('other' as RoleName)).toBeUndefined();
});
