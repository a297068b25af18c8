import { createHash } from 'node:crypto';
import { isStrictInstant } from '../clock.ts';
import type { EventReport } from '../event/report.ts';
import type { KeyOwner } from '../metadata/names.ts';
import { proofDeeds } from './drill-words.ts';
import { type MarkdownOptions, renderMarkdown } from './markdown.ts';
import { sentence } from './markdown-text.ts';

/** The first line of the one comment that an event's pull request has from us. */
export const EVENT_MARKER = '<!-- tuf-signer: signing event -->';

/**
 * What the comment remembers of earlier runs, in a line that is not shown. Whoever may write to the repository can edit it:
 * at worst somebody is mentioned once more, or once too little.
 */
export interface CommentMemory {
  /** When the verdict that the comment shows was given. */
  readonly judgedAt: string | undefined;
  /** Obligations (as {@link obligationsIn} names them) whose owners were mentioned. */
  readonly mentioned: ReadonlySet<string>;
}

const MEMORY = /^<!-- judged (\S{20}); mentioned((?: [0-9a-f]{16}){0,1000}) -->$/;

export function readMemory(comment: string | undefined): CommentMemory {
  const match = MEMORY.exec(comment?.split('\n', 2)[1] ?? '');
  const [, judgedAt = '', names = ''] = match ?? [];
  return {
    judgedAt: isStrictInstant(judgedAt) ? judgedAt : undefined,
    mentioned: new Set(names.split(' ').filter(name => name !== '')),
  };
}

/** The whole comment: marker, memory, report. */
export function renderEventComment(
  report: EventReport,
  mentioned: ReadonlySet<string>,
  options: MarkdownOptions = {},
): string {
  const names = [...mentioned].slice(0, 1_000).map(name => ` ${name}`);
  const memory = `<!-- judged ${report.judgedAt}; mentioned${names.join('')} -->`;
  const maxLength = (options.maxLength ?? MAX_COMMENT) - EVENT_MARKER.length - memory.length - 2;
  return `${EVENT_MARKER}\n${memory}\n${renderMarkdown(report, { ...options, maxLength })}`;
}

/** Characters. GitHub takes 65,536. */
const MAX_COMMENT = 65_000;

/** The comment where there is no verdict, and why. */
export const renderUnjudged = (problem: string): string =>
  `${EVENT_MARKER}\n\n## ❌ This event can not be judged\n\n${sentence(problem)}.\n`;

/**
 * What people owe an event, each under a name that holds as long as they owe it, whatever commit the event is at. None
 * of a rejected one.
 */
export function obligationsIn({
  verdict,
  invites,
  awaited,
  drill,
}: EventReport): ReadonlyMap<string, KeyOwner> {
  const owed = new Map<string, KeyOwner>();
  if (verdict === 'rejected') return owed;
  const add = (owner: KeyOwner, deed: string, role: string): unknown =>
    owed.set(nameOf(owner, deed, role), owner);
  for (const [owner, roles] of invites) for (const role of roles) add(owner, 'accept', role);
  for (const { owner, roles } of awaited) {
    if (owner !== undefined) for (const role of roles) add(owner, 'sign', role);
  }
  if (drill !== undefined) {
    for (const owner of proofDeeds(drill).keys()) {
      add(owner, 'prove', drill.name);
      // Another obligation, so that who is silent hears of it again before it is too late.
      if (drill.isNearlyOver) add(owner, 'prove soon', drill.name);
    }
  }
  return owed;
}

/** A digest: names from metadata are untrusted, and this one stands within a comment of HTML. */
const nameOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
