import { ForgeError } from '../../../src/forge/error.ts';
import type { GithubAddress } from '../../../src/forge/github/address.ts';
import type { ForgeSettings } from '../../../src/forge/settings.ts';
import type { Finding, Look } from '../../../src/operations/github/check.ts';
import { changesOf, describeChange } from '../../../src/operations/github/set.ts';
import { judgeSettings } from '../../../src/operations/github/table.ts';
import type { RunContext } from '../../run-context.ts';
import { tokenOf } from './given.ts';

export interface Checked {
  readonly findings: readonly Finding[];
  /** What was set, in words. */
  readonly set: readonly string[];
}

/** Looks at the settings; sets with consent what can be set, and looks again. */
export async function checkSettings(
  look: Omit<Look, 'facts'>,
  address: GithubAddress,
  flags: { readonly yes?: boolean; readonly check?: boolean },
  context: RunContext,
): Promise<Checked> {
  const token = tokenOf(context);
  if (token === undefined) {
    context.output.say('No token in GITHUB_TOKEN or GH_TOKEN: what takes one is not looked at.');
    return { findings: judgeSettings({ ...look, facts: undefined }), set: [] };
  }
  // GitHub's client is large, and loaded for those who ask it.
  const { githubSettings } = await import('../../../src/forge/github/settings.ts');
  const settings = githubSettings({ ...address, token });
  const findings = judgeSettings({ ...look, facts: await settings.read() });
  const set = flags.check === true ? [] : await setWithConsent(settings, findings, flags, context);
  if (set.length === 0) return { findings, set };
  return { findings: judgeSettings({ ...look, facts: await settings.read() }), set };
}

async function setWithConsent(
  settings: ForgeSettings,
  findings: readonly Finding[],
  { yes }: { readonly yes?: boolean },
  { asker, output }: RunContext,
): Promise<readonly string[]> {
  const set: string[] = [];
  const changes = changesOf(findings);
  if (changes.length > 0 && yes !== true && !asker.isInteractive) {
    output.say(`${changes.length} of these can be set from here: run it at a terminal, or give --yes.`);
    return set;
  }
  for (const { says } of findings.filter(({ changes: own = [] }) => own.length > 0))
    output.say(`to set: ${says}`);
  for (const change of changes) {
    const words = describeChange(change);
    if (yes !== true && !(await asker.confirm(`Set it: ${words}?`))) continue;
    try {
      await settings.write(change);
      set.push(words);
      output.say(`set: ${words}`);
    } catch (error) {
      if (!(error instanceof ForgeError) || error.code === 'RATE_LIMITED') throw error;
      output.say(`not set: ${words}: ${error.message}`);
    }
  }
  return set;
}
