import { createHash } from 'node:crypto';
import { escapeHtml } from '../html.ts';
import { drillSection } from './drills.ts';
import { SCRIPT } from './script.ts';
import {
  artifactSection,
  bootstrapSection,
  eventSection,
  headerOf,
  roleSection,
  timelineSection,
} from './sections.ts';
import { STYLE } from './style.ts';
import type { SiteView } from './view.ts';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing but this very style and script, which reach nobody: whatever a name in the repository holds, it can do nothing here. */
const POLICY: string = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * `index.html` of a published repository: who signs what, until when, how a client starts, which artifacts there are. One file that needs
 * no other, readable without its script. The same view gives the same bytes.
 */
export function sitePage(view: SiteView): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>TUF repository</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the roles</a>
${headerOf(view)}
<main id="main" tabindex="-1">
${[roleSection(view), timelineSection(view), drillSection(view.drills), bootstrapSection(view), artifactSection(view), eventSection(view)].filter(text => text !== '').join('\n')}
</main>
<footer>
<p>Built by tuf-signer from commit <code>${escapeHtml(view.commit)}</code>, after every signature and hash in it was verified and our client had
walked through it. Never trust this page for what a client should verify itself.</p>
</footer>
<p id="said" role="status" aria-live="polite"></p>
<script>${SCRIPT}</script>
</body>
</html>
`;
}
