import { describe, expect, it } from 'vitest';
import { required } from '../../src/errors.ts';
import type { EventReport } from '../../src/event/report.ts';
import {
  EVENT_MARKER,
  obligationsIn,
  readMemory,
  renderEventComment,
} from '../../src/render/event-comment.ts';
import { sampleReports } from './support.ts';

const sample = (name: string): EventReport => required(sampleReports().get(name), name);
const many = (report: EventReport, count: number): EventReport => ({
  ...report,
  artifacts: Array.from({ length: count }, (_, index) => `file "dev/${index}-${'x'.repeat(100)}" is added`),
});

describe('the comment of an event', () => {
  it('remembers what it was told to', () => {
    const mentioned = new Set(obligationsIn(sample('release')).keys());
    expect(mentioned.size).toBeGreaterThan(0);
    const report = sample('release');
    expect(readMemory(renderEventComment(report, mentioned))).toEqual({
      judgedAt: report.judgedAt,
      mentioned,
    });
  });

  it.each([
    ['nothing', undefined],
    ['another comment', 'hello\nworld'],
    ['a memory that stands elsewhere', `${EVENT_MARKER}\n\n<!-- judged 2030-01-01T00:00:00Z; mentioned -->`],
    ['a name that is no digest', `${EVENT_MARKER}\n<!-- judged 2030-01-01T00:00:00Z; mentioned @alice -->`],
  ])('that is %s holds no memory', (_, text) => {
    expect(readMemory(text)).toEqual({ judgedAt: undefined, mentioned: new Set() });
  });

  it('that would be too long says what it leaves out, and where all of it is', () => {
    const elsewhere = 'https://github.example/run/1';
    const text = renderEventComment(many(sample('release'), 2_000), new Set(), { elsewhere });
    expect(text.length).toBeLessThanOrEqual(65_000);
    expect(text).toMatch(/\d+ files left out/);
    expect(text).toContain(`[Everything is here](${elsewhere})`);
  });

  it('that is short enough names no other place', () => {
    expect(
      renderEventComment(sample('release'), new Set(), { elsewhere: 'https://x.example' }),
    ).not.toContain('x.example');
  });

  it('that names alone would fill still has the verdict', () => {
    const report = sample('release');
    const text = renderEventComment(report, new Set(), { maxLength: 900, elsewhere: 'https://x.example' });
    expect(text.length).toBeLessThanOrEqual(900);
    expect(text).toMatch(/## ⏳ Pending: [^]*too large for a page[^]*https:\/\/x\.example/);
  });

  it('asks nothing of anybody where the event is rejected', () => {
    expect(obligationsIn({ ...sample('release'), verdict: 'rejected' }).size).toBe(0);
  });
});
