import { isFromFork } from '../events.ts';
import { JOB_SCOPES, type Permissions } from '../model.ts';
import type { Run } from './run.ts';
import type { JobSpec } from './workflow-file.ts';

/**
 * What a job's token may do: what the job says, else the workflow, else the repository's setting. A pull request from a
 * fork gets nothing beyond reading, whatever its file says. Source: "Automatic token authentication".
 */
export function jobPermissions(run: Run, spec: JobSpec): Permissions {
  const { file: workflow, trigger: event } = run;
  const said =
    spec.permissions ?? workflow.permissions ?? defaults(event.repository.actions.defaultPermissions);
  if (event.name !== 'pull_request' || !isFromFork(event)) return said;
  return new Map(
    [...said].map(([scope, access]) => [scope, access === 'none' || scope === 'id-token' ? 'none' : 'read']),
  );
}

const defaults = (setting: 'read' | 'write'): Permissions =>
  setting === 'read'
    ? new Map([
        ['contents', 'read'],
        ['packages', 'read'],
      ])
    : new Map(JOB_SCOPES.map(scope => [scope, scope === 'id-token' ? 'none' : 'write']));
