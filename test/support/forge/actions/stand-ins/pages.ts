import { cpSync, existsSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pagesUrl } from '../../rest/environments.ts';
import { WorkflowError } from '../fields.ts';
import { copy, store } from './artifacts.ts';
import { input, NO_OUTPUTS, type StandIn, type StandInCall } from './stand-in.ts';

/** actions/configure-pages. Pages must be switched on: a job's token may not do that. */
export const configurePages: StandIn = async call => {
  requirePages(call);
  const { database } = call.job.run.engine;
  const url = new URL(pagesUrl(database.url, call.job.repository));
  return new Map([
    ['base_url', url.href.replace(/\/$/, '')],
    ['origin', url.origin],
    ['host', url.host],
    ['base_path', url.pathname.replace(/\/$/, '')],
  ]);
};

/** actions/upload-pages-artifact: the artifact that a deployment takes. */
export const uploadPagesArtifact: StandIn = async call => {
  const path = resolve(call.job.folders.workspace, input(call, 'path', '_site/'));
  if (!existsSync(path)) throw new WorkflowError(`tar: ${path}: Cannot open: No such file or directory`);
  copy(path, store(call, input(call, 'name', 'github-pages'), false), false);
  return NO_OUTPUTS;
};

/**
 * actions/deploy-pages. Asks for what GitHub asks: the permissions `pages: write` and `id-token: write`, the environment
 * `github-pages` (whose rules were judged when the job began), Pages built by workflows, and an artifact of this run.
 */
export const deployPages: StandIn = async call => {
  const { job } = call;
  for (const scope of ['pages', 'id-token'] as const) {
    if (job.permissions.get(scope) !== 'write')
      throw new WorkflowError(`Ensure GITHUB_TOKEN has permission "${scope}: write".`);
  }
  if (job.environment?.name !== 'github-pages')
    throw new WorkflowError("Missing environment. Ensure your workflow's deployment job has an environment.");
  const pages = requirePages(call);
  if (pages.buildType !== 'workflow')
    throw new WorkflowError('Ensure GitHub Pages has been enabled with source "GitHub Actions".');
  const name = input(call, 'artifact_name', 'github-pages');
  const artifact = job.run.artifacts.get(name);
  if (artifact === undefined)
    throw new WorkflowError(`No artifacts named "${name}" were found for this workflow run.`);
  const site = join(job.run.folder, 'pages');
  rmSync(site, { recursive: true, force: true });
  cpSync(artifact, site, { recursive: true });
  pages.folder = site;
  return new Map([['page_url', pagesUrl(job.run.engine.database.url, job.repository)]]);
};

function requirePages({ job }: StandInCall): NonNullable<typeof job.repository.pages> {
  const { pages } = job.repository;
  if (pages === undefined)
    throw new WorkflowError(
      'Get Pages site failed. Please verify that the repository has Pages enabled and configured to build using GitHub Actions.',
    );
  return pages;
}
