import { unreachable } from '../../errors.ts';
import type { SettingChange } from '../../forge/settings.ts';
import type { Finding } from './check.ts';

/** What would mend the findings, each change once. */
export function changesOf(findings: readonly Finding[]): readonly SettingChange[] {
  const changes = findings.flatMap(({ changes = [] }) => changes);
  return [...new Map(changes.map(change => [JSON.stringify(change), change])).values()];
}

/** What a change does, for the person who is asked; may hold untrusted names. */
export function describeChange(change: SettingChange): string {
  switch (change.kind) {
    case 'pages':
      return 'let GitHub Actions build Pages';
    case 'environment':
      return `let ${change.branch} alone deploy to the environment ${change.name}, which is made if need be`;
    case 'ruleset':
      return `make the ruleset "${change.name}"`;
    case 'no-bypass':
      return `take GitHub Actions and everybody who may push from the bypass list of the ruleset "${change.name}"`;
    case 'require-pins':
      return 'let no action run that is not pinned to a full commit SHA';
    case 'read-by-default':
      return "let jobs' tokens only read by default";
    case 'open-pull-requests':
      return 'let GitHub Actions create pull requests';
    case 'default-subject':
      return 'set the subject of OIDC tokens back to the default (clouds that trust the present one will refuse)';
    case 'enable-workflow':
      return `switch ${change.path} on`;
    default:
      return unreachable(change);
  }
}
