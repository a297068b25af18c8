import { delegationGraph } from '../repository/delegators.ts';
import { documentOf, metadataFile, type RepositoryTree } from '../repository/tree.ts';
import { escapeHtml } from './html.ts';

/** `index.html` of a published repository: what it is, who signs it, and where a client starts. Self-contained. */
export function sitePage(tree: RepositoryTree, commit: string): string {
  const rows = [...delegationGraph(tree).roles.values()].map(({ role, definition, delegations }) => {
    const signers = definition.keyids.map(keyid => {
      const key = delegations.keys.get(keyid);
      return key?.owner ?? key?.onlineUri?.replace(/:.*/, ' (online)') ?? keyid.slice(0, 12);
    });
    const document = documentOf(tree, role);
    return [
      role,
      `${document?.signed.version ?? ''}`,
      document?.signed.expires ?? '',
      `${definition.threshold} of ${definition.keyids.length}`,
      signers.join(', '),
    ];
  });
  const first = `${oldestRoot(tree)}.root.json`;
  const cells = (row: readonly string[]): string => row.map(cell => `<td>${escapeHtml(cell)}</td>`).join('');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>TUF repository</title>
<style>
:root { color-scheme: light dark }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); padding: .4rem .6rem; text-align: left; vertical-align: top }
code { overflow-wrap: anywhere }
</style>
<h1>TUF repository</h1>
<p>Metadata lies beside this page, artifacts below <code>targets/</code>. A client starts from a root that it got by
another way, for example <a href="${first}">${first}</a> compared with its publisher.</p>
<table>
<thead><tr><th scope="col">Role</th><th scope="col">Version</th><th scope="col">Expires</th><th scope="col">Signatures</th><th scope="col">Signers</th></tr></thead>
<tbody>
${rows.map(row => `<tr>${cells(row)}</tr>`).join('\n')}
</tbody>
</table>
<p>Built from commit <code>${escapeHtml(commit)}</code>.</p>
</html>
`;
}

const oldestRoot = (tree: RepositoryTree): number =>
  Math.min(
    ...[...tree.metadata.keys()].flatMap(path => {
      const file = metadataFile(path);
      return file.kind === 'history' ? [file.version] : [];
    }),
  );
