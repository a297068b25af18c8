import { DAY_MS, formatInstant, type Instant } from '../../clock.ts';
import { escapeHtml } from '../html.ts';
import { nameOf } from './names.ts';
import type { RoleView } from './view.ts';

const WIDTH = 960;
const LEFT = 190;
const RIGHT = 24;
const ROW = 26;
const TOP = 30;
/** More rows than a person takes in; the table has them all. */
const MOST_ROWS = 40;

interface Dated extends RoleView {
  readonly expiresAt: Instant;
}

/**
 * When each role ends and when it is signed anew, as an inline SVG; the table of roles says the same in words. Nothing where no role has
 * a date. Where today is, the page's script draws: the bytes depend on the commit alone.
 */
export function timeline(roles: readonly RoleView[], committedAt: Instant): string {
  const dated = roles
    .filter((view): view is Dated => view.expiresAt !== undefined)
    .sort((a, b) => a.expiresAt - b.expiresAt)
    .slice(0, MOST_ROWS);
  const last = dated.at(-1);
  if (last === undefined) return '';
  const from = committedAt - 7 * DAY_MS;
  const to = Math.max(last.expiresAt, committedAt + 30 * DAY_MS) + 7 * DAY_MS;
  const width = WIDTH - LEFT - RIGHT;
  const x = (time: number): number =>
    Math.round((LEFT + ((Math.max(time, from) - from) / (to - from)) * width) * 10) / 10;
  const height = TOP + dated.length * ROW + 12;
  const bars = dated.map((view, index) => {
    const y = TOP + index * ROW;
    const begin = view.expiryDays === undefined ? from : view.expiresAt - view.expiryDays * DAY_MS;
    const parts = [
      `<text x="${LEFT - 10}" y="${y + 15}" text-anchor="end">${escapeHtml(shortened(nameOf(view)))}</text>`,
      rectangle('bar', x(begin), x(view.expiresAt), y),
      ...(view.signingFrom === undefined
        ? []
        : [rectangle('window', x(view.signingFrom), x(view.expiresAt), y)]),
    ];
    return `<g><title>${escapeHtml(titleOf(view))}</title>${parts.join('')}</g>`;
  });
  const axis = [...ticks(from, to)].map(
    ([time, label]) =>
      `<line class="axis" x1="${x(time)}" x2="${x(time)}" y1="${TOP - 8}" y2="${height - 8}"/><text class="tick" x="${x(time)}" y="14" text-anchor="middle">${label}</text>`,
  );
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="timeline-title timeline-text">
<title id="timeline-title">When each role ends</title>
<desc id="timeline-text">${escapeHtml(dated.map(titleOf).join('. '))}.</desc>
${axis.join('\n')}
${bars.join('\n')}
<line class="today" id="today" visibility="hidden" y1="${TOP - 8}" y2="${height - 8}" data-from="${from}" data-to="${to}" data-left="${LEFT}" data-width="${width}"/>
</svg>`;
}

const rectangle = (kind: 'bar' | 'window', begin: number, end: number, y: number): string =>
  `<rect class="${kind}" x="${begin}" y="${y + 4}" width="${Math.max(Math.round((end - begin) * 10) / 10, 2)}" height="${ROW - 10}" rx="4"/>`;

const titleOf = (view: Dated): string => {
  const window = view.signingFrom === undefined ? '' : `, to be signed anew from ${day(view.signingFrom)}`;
  return `${nameOf(view)} ends on ${day(view.expiresAt)}${window}`;
};

const day = (time: Instant): string => formatInstant(time).slice(0, 10);

const shortened = (name: string): string => (name.length > 26 ? `${name.slice(0, 25)}…` : name);

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MOST_TICKS = 12;

/** Firsts of months, as many as can be read; January with its year. */
function* ticks(from: number, to: number): Iterable<readonly [number, string]> {
  const months = Math.ceil((to - from) / (30 * DAY_MS));
  const step = [1, 2, 3, 6, 12, 24, 60, 120].find(count => months / count <= MOST_TICKS) ?? 600;
  const begin = new Date(from);
  for (let year = begin.getUTCFullYear(), month = 0; ; month += step) {
    const date = new Date(Date.UTC(year, month, 1));
    if (date.getTime() > to) return;
    if (date.getTime() < from) continue;
    const name = MONTHS[date.getUTCMonth()] ?? '';
    yield [date.getTime(), date.getUTCMonth() === 0 ? `${date.getUTCFullYear()}` : name];
  }
}
