import { dirname } from 'node:path';
import { downloadArtifact, uploadArtifact } from './artifacts.ts';
import { checkout } from './checkout.ts';
import { configurePages, deployPages, uploadPagesArtifact } from './pages.ts';
import type { StandIn } from './stand-in.ts';

/** actions/setup-node: the Node that runs the tests, whichever is asked for. Registries and caches are left out. */
const setupNode: StandIn = async ({ job }) => {
  job.paths.unshift(dirname(process.execPath));
  return new Map([['node-version', process.version]]);
};

/** actions/cache: never a hit, nothing kept. */
const cache: StandIn = async () => new Map([['cache-hit', 'false']]);

export const STAND_INS: ReadonlyMap<string, StandIn> = new Map([
  ['actions/checkout', checkout],
  ['actions/setup-node', setupNode],
  ['actions/cache', cache],
  ['actions/cache/restore', cache],
  ['actions/cache/save', cache],
  ['actions/upload-artifact', uploadArtifact],
  ['actions/download-artifact', downloadArtifact],
  ['actions/configure-pages', configurePages],
  ['actions/upload-pages-artifact', uploadPagesArtifact],
  ['actions/deploy-pages', deployPages],
]);
