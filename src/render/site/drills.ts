import type { RoleMargin } from '../../event/drill/margin.ts';
import type { DrillStanding, KeyStanding } from '../../event/drill/standing.ts';
import { plural } from '../../event/words.ts';
import type { RoleName } from '../../metadata/names.ts';
import { marginWord, standingTitle } from '../drill-words.ts';
import { escapeHtml } from '../html.ts';
import { MANY, nameOf } from './names.ts';

/** What drills say of one role, or of many neighbours of which they say the same. */
export interface DrilledRole extends RoleMargin {
  readonly last: RoleName | undefined;
  readonly count: number;
  /** Its keys that did not prove themselves in the last drill that asked them, or that none has asked. */
  readonly unproved: readonly KeyStanding[];
}

/** What the drills of a commit say, at the time that the commit states. */
export interface DrillsView {
  readonly title: string;
  readonly roles: readonly DrilledRole[];
}

/** `undefined` where the commit has no drill. */
export function drillsViewOf(standing: DrillStanding | undefined): DrillsView | undefined {
  if (standing === undefined || standing.drills === 0) return undefined;
  const unproved = standing.keys.filter(({ state }) => state !== 'proved');
  const runs: RoleMargin[][] = [];
  const keysOf = (role: RoleName): readonly KeyStanding[] =>
    unproved.filter(({ roles }) => roles.includes(role));
  let before = '';
  for (const margin of standing.margins) {
    const { threshold, keys, proved, role } = margin;
    const alike = [threshold, keys, proved, ...keysOf(role).map(key => key.fingerprint)].join();
    if (alike === before) runs.at(-1)?.push(margin);
    else runs.push([margin]);
    before = alike;
  }
  const rows = runs.flatMap(run => (run.length > MANY ? [run] : run.map(margin => [margin])));
  return {
    title: standingTitle(standing),
    roles: rows.flatMap(run => {
      const [first] = run;
      if (first === undefined) return [];
      const last = run.length > 1 ? run.at(-1)?.role : undefined;
      return [{ ...first, last, count: run.length, unproved: keysOf(first.role) }];
    }),
  };
}

/** Per role the margin of keys that have proved themselves, and how many are silent since when. */
export function drillSection(drills: DrillsView | undefined): string {
  if (drills === undefined) return '';
  return `<section>
<h2 id="drills">Which keys have proved that they work</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Drills">
<table>
<caption>${escapeHtml(drills.title)}. A drill asks everybody who holds a key to sign a text that is no metadata.</caption>
<thead><tr><th scope="col">Role</th><th scope="col">Proved</th><th scope="col">Margin</th><th scope="col">Not proved</th></tr></thead>
<tbody>
${drills.roles.map(drilledRow).join('\n')}
</tbody>
</table>
</div>
</section>`;
}

function drilledRow(row: DrilledRole): string {
  const { keys, proved, threshold, margin, unproved } = row;
  const tone = margin > 0 ? 'good' : margin === 0 ? 'warn' : 'bad';
  return `<tr><th scope="row">${escapeHtml(nameOf(row))}</th><td>${proved} of ${keys}<small>${threshold} needed</small></td><td><span class="${tone}">${marginWord(margin, true)}</span></td><td>${escapeHtml([...unprovedWords(unproved)].join('; '))}</td></tr>`;
}

/** How many, and not who: whose key nobody minds is what a thief would like to read on a public page. `drill status` tells it to people. */
function* unprovedWords(unproved: readonly KeyStanding[]): Iterable<string> {
  const silent = unproved.flatMap(({ silentSince }) => silentSince ?? []).sort();
  const unasked = unproved.length - silent.length;
  if (silent[0] !== undefined) yield `${plural(silent.length, 'key')} silent since ${silent[0].slice(0, 10)}`;
  if (unasked > 0) yield `${plural(unasked, 'key')} not asked by any drill yet`;
}
