import { WorkflowError } from './fields.ts';

export type Combination = ReadonlyMap<string, unknown>;

/** The jobs that a matrix stands for; one without values where there is none. `include` and `exclude` as GitHub has them. */
export function expandMatrix(matrix: unknown): readonly Combination[] {
  if (matrix === undefined || matrix === null) return [new Map()];
  const fields = asCombination(matrix);
  let rows = [new Map<string, unknown>()];
  for (const [key, values] of fields) {
    if (key === 'include' || key === 'exclude') continue;
    if (!Array.isArray(values)) throw new WorkflowError(`strategy.matrix.${key}: a list was expected`);
    rows = rows.flatMap(row => values.map(value => new Map([...row, [key, value]])));
  }
  const axes = new Set([...fields.keys()].filter(key => key !== 'include' && key !== 'exclude'));
  const kept =
    axes.size === 0 ? [] : rows.filter(row => !listOf(fields.get('exclude')).some(one => agrees(row, one)));
  const extra: Map<string, unknown>[] = [];
  for (const one of listOf(fields.get('include'))) {
    const shared = new Map([...one].filter(([key]) => axes.has(key)));
    const fitting = kept.filter(row => agrees(row, shared));
    if (fitting.length === 0) extra.push(new Map(one));
    for (const row of fitting) for (const [key, value] of one) row.set(key, value);
  }
  return [...kept, ...extra];
}

const agrees = (row: Combination, wanted: Combination): boolean =>
  [...wanted].every(([key, value]) => JSON.stringify(row.get(key)) === JSON.stringify(value));

const listOf = (value: unknown): readonly Combination[] =>
  (Array.isArray(value) ? value : []).map(asCombination);

const asCombination = (value: unknown): Combination =>
  value instanceof Map ? (value as Combination) : new Map(Object.entries(value ?? {}) as [string, unknown][]);
