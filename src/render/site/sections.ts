import { formatInstant, type Instant } from '../../clock.ts';
import { plural } from '../../event/words.ts';
import { isOnlineRole, ROOT, type RoleName, TIMESTAMP } from '../../metadata/names.ts';
import { escapeHtml } from '../html.ts';
import { packArtifacts } from './artifacts.ts';
import { BASE, clientGuides } from './bootstrap.ts';
import { nameOf } from './names.ts';
import { timeline } from './timeline.ts';
import { marginOf, type RoleView, type SiteView } from './view.ts';

const total = ({ artifacts }: SiteView): number =>
  [...artifacts.values()].reduce((sum, { length }) => sum + length, 0);

const instant = (time: Instant): string => formatInstant(time);
const day = (time: Instant): string => instant(time).slice(0, 10);

/** A date whose distance from today the script adds. */
const until = (time: Instant, from?: Instant): string =>
  `<time data-left datetime="${instant(time)}"${from === undefined ? '' : ` data-from="${instant(from)}"`}>${day(time)}</time>`;

/** What a visitor wants to know first. */
export function headerOf(view: SiteView): string {
  const root = view.roles.find(({ role }) => role === ROOT);
  const timestamp = view.roles.find(({ role }) => role === TIMESTAMP);
  const next = view.roles
    .filter(({ role, expiresAt }) => expiresAt !== undefined && !isOnlineRole(role))
    .sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0))[0];
  const roles = view.roles.filter(({ role }) => mayList(role)).reduce((sum, { count }) => sum + count, 0);
  const facts: readonly (readonly [string, string])[] = [
    [
      'Root',
      root?.version === undefined ? 'none' : `version ${root.version}<small>${meterText(root)}</small>`,
    ],
    ['Artifacts', `${total(view)}<small>in ${plural(roles, 'role')}</small>`],
    ['Fresh until', timestamp?.expiresAt === undefined ? 'not signed yet' : until(timestamp.expiresAt)],
    [
      'Next ceremony',
      next?.expiresAt === undefined
        ? 'none is due'
        : `${until(next.signingFrom ?? next.expiresAt)}<small>${escapeHtml(nameOf(next))}</small>`,
    ],
  ];
  const stale =
    timestamp?.expiresAt === undefined
      ? ''
      : `<p id="stale" class="bad" role="alert" data-until="${instant(timestamp.expiresAt)}" hidden>The timestamp of this copy is past its date: clients refuse it. Either the automation stands still, or somebody shows you an old copy.</p>`;
  return `<header>
<h1>TUF repository</h1>
<p class="lead">Metadata of <a href="https://theupdateframework.io">The Update Framework</a> lies beside this page, artifacts below <code>targets/</code>.
Verified at commit <code>${escapeHtml(view.commit.slice(0, 12))}</code> of <time datetime="${instant(view.committedAt)}">${instant(view.committedAt).replace('T', ' ').replace('Z', ' UTC')}</time>.</p>
${stale}
<dl class="facts">
${facts.map(([name, text]) => `<div><dt>${name}</dt><dd>${text}</dd></div>`).join('\n')}
</dl>
</header>`;
}

/** Root names keys, and what automation signs names metadata: no artifact is in either. */
const mayList = (role: RoleName): boolean => role !== ROOT && !isOnlineRole(role);

const meterText = ({ threshold, signers }: RoleView): string =>
  `${threshold} of ${plural(signers.length, 'signer')}`;

/** The role tree. */
export function roleSection({ roles }: SiteView): string {
  return `<section>
<h2 id="roles">Who signs what</h2>
<div class="scroll" tabindex="0" role="region" aria-label="Roles">
<table class="wide">
<caption>Each role is set out by the one that it stands below. It counts when as many of its signers have signed as its threshold says.</caption>
<thead><tr><th scope="col">Role</th><th scope="col">Quorum</th><th scope="col">Signers</th><th scope="col">Version</th><th scope="col">Ends</th><th scope="col">Artifacts</th></tr></thead>
<tbody>
${roles.map(roleRow).join('\n')}
</tbody>
</table>
</div>
</section>`;
}

function roleRow(view: RoleView): string {
  const { role, depth, count, version, expiresAt, signingFrom, artifacts, paths, terminating } = view;
  const notes = [
    ...(count > 1 ? [`${count} roles`] : []),
    ...(paths.length > 0
      ? [`${paths.slice(0, MOST_PATHS).join(', ')}${paths.length > MOST_PATHS ? ' …' : ''}`]
      : []),
    ...(depth > 1 && !terminating && count === 1 ? ['later roles are asked too'] : []),
  ];
  const note = notes.map(text => `<small>${escapeHtml(text)}</small>`).join('');
  return `<tr><th scope="row" class="d${Math.min(depth, 4)}">${escapeHtml(nameOf(view))}${note}</th><td>${quorumCell(view)}</td><td>${signerCell(view)}</td><td>${version ?? '–'}</td><td>${expiresAt === undefined ? '–' : until(expiresAt, signingFrom)}</td><td>${mayList(role) ? artifacts : ''}</td></tr>`;
}

const MOST_PATHS = 4;

/** How many keys may be lost: said in words beside the dots. */
function quorumCell(view: RoleView): string {
  const { threshold, signers } = view;
  const spare = marginOf(view);
  const dots = '●'.repeat(Math.min(threshold, signers.length, MOST_DOTS));
  const rest = '○'.repeat(Math.max(0, Math.min(spare, MOST_DOTS)));
  const isOnline = signers.every(signer => signer.isOnline);
  const words = isOnline
    ? ['', 'automation']
    : spare < 0
      ? ['bad', 'too few signers']
      : spare === 0
        ? ['warn', 'no key may be lost']
        : ['good', `${spare === 1 ? 'one key' : `${spare} keys`} may be lost`];
  return `<span class="dots" aria-hidden="true"><b>${dots}</b><i>${rest}</i></span> ${threshold} of ${signers.length}<small class="${words[0]}">${words[1]}</small>`;
}

const MOST_DOTS = 12;

/** As people call them. Others are shown as the document has them. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ['ecdsa-sha2-nistp256', 'P-256'],
  ['ecdsa-sha2-nistp384', 'P-384'],
  ['ed25519', 'Ed25519'],
  ['rsassa-pss-sha256', 'RSA'],
]);

function signerCell({ signers }: RoleView): string {
  const items = signers.map(({ name, scheme, fingerprint }) => {
    const key = `${KINDS.get(scheme) ?? scheme}${fingerprint === undefined ? '' : ` ${fingerprint}`}`;
    return `<li>${escapeHtml(name)}<small><code>${escapeHtml(key)}</code></small></li>`;
  });
  return `<ul class="who">${items.join('')}</ul>`;
}

export function timelineSection({ roles, committedAt }: SiteView): string {
  const svg = timeline(roles, committedAt);
  if (svg === '') return '';
  return `<section>
<h2 id="dates">When it ends, and when it is signed anew</h2>
<p class="key note"><span class="k-bar">lives</span><span class="k-window">is signed anew</span><span class="k-today">today</span></p>
<div class="scroll" tabindex="0" role="region" aria-label="Timeline">${svg}</div>
</section>`;
}

export function bootstrapSection({ firstRoot }: SiteView): string {
  const { version, file, identity } = firstRoot;
  const guides = clientGuides(firstRoot).map(
    ({ name, text }) =>
      `<details><summary>${name}</summary><pre tabindex="0" data-copy="the commands for ${name}">${text.split('\n').map(commandLine).join('\n')}</pre></details>`,
  );
  return `<section>
<h2 id="start">Start a client</h2>
<p>A client starts from a root that you trust: <a href="${version}.root.json">${version}.root.json</a>. Get its fingerprint by another way than this page
(from the project's documentation, or from a signer) and compare; everything after that is verified from it.</p>
<dl class="prints">
<div><dt>SHA-256 of the file<small><code>sha256sum ${version}.root.json</code></small></dt><dd><code data-copy="the SHA-256 of the file">${file}</code></dd></div>
<div><dt>Identity<small><code>tuf-signer pin show</code></small></dt><dd><code data-copy="the identity">${identity}</code></dd></div>
</dl>
<p class="note">Below, <code class="base">https://SITE</code> is the address of this page, PATH that of an artifact, and FINGERPRINT the SHA-256 of the file as
somebody else than this page told you.</p>
${guides.join('\n')}
</section>`;
}

const PLACE = '<span class="base">https://SITE</span>';

const commandLine = (line: string): string => escapeHtml(line).replaceAll(escapeHtml(BASE), () => PLACE);

/** Without the script as many are listed as fit on a page. */
const LISTED = 100;

export function artifactSection(view: SiteView): string {
  const count = total(view);
  if (count === 0) return '';
  const rows: string[] = [];
  for (const [role, files] of view.artifacts) {
    for (const [path, length] of files.slice(0, LISTED - rows.length))
      rows.push(artifactRow(role, path, length));
    if (rows.length >= LISTED) break;
  }
  const shown =
    count > rows.length
      ? `${plural(count, 'artifact')}, the first ${rows.length} of them shown`
      : plural(count, 'artifact');
  return `<section>
<h2 id="files">Artifacts</h2>
<form role="search" hidden><label for="search">Search by path</label><input id="search" type="search" autocomplete="off" spellcheck="false"></form>
<p id="count" class="note" role="status" aria-live="polite">${shown}</p>
<div class="scroll" tabindex="0" role="region" aria-label="List of artifacts">
<table>
<thead><tr><th scope="col">Path</th><th scope="col">Role</th><th scope="col">Size</th></tr></thead>
<tbody id="found">
${rows.join('\n')}
</tbody>
</table>
</div>
<script type="application/json" id="artifacts">${packArtifacts(view.artifacts)}</script>
</section>`;
}

const artifactRow = (role: RoleName, path: string, length: number): string =>
  `<tr><th scope="row">${escapeHtml(path)}</th><td>${escapeHtml(role)}</td><td>${length} bytes</td></tr>`;

export function eventSection({ events }: SiteView): string {
  if (events.length === 0) return '';
  const rows = events.map(
    ({ commit, time, subject, changes }) =>
      `<tr><th scope="row"><time datetime="${instant(time)}">${day(time)}</time></th><td>${escapeHtml(subject)}<small><code>${escapeHtml(commit.slice(0, 12))}</code></small></td><td>${changes.map(change => escapeHtml(change)).join('<br>')}</td></tr>`,
  );
  return `<section>
<h2 id="events">Last events</h2>
<div class="scroll" tabindex="0" role="region" aria-label="List of events">
<table>
<caption>What people signed, newest first, as the repository's history has it.</caption>
<thead><tr><th scope="col">Date</th><th scope="col">Event</th><th scope="col">Versions</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</div>
</section>`;
}
