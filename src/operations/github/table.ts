import { actionsChecks } from './actions.ts';
import type { Finding, Look, SettingCheck } from './check.ts';
import { placeChecks } from './places.ts';
import { ruleChecks } from './rules.ts';
import { workflowChecks } from './workflow-checks.ts';

/** All that has to hold of a repository on GitHub, in the order in which it is told. docs/github-settings.md shows it. */
export const SETTING_CHECKS: readonly SettingCheck[] = [
  ...placeChecks,
  ...ruleChecks,
  ...actionsChecks,
  ...workflowChecks,
];

/** Judges each row. Pure: the same look, the same findings. */
export const judgeSettings = (look: Look): readonly Finding[] =>
  SETTING_CHECKS.map(check => ({ id: check.id, page: check.page, ...check.judge(look) }));

/** What neither git nor an API tells: a person has to look. */
export const BY_HAND: readonly string[] = [
  "The cloud's trust, where the site goes to a bucket: its condition has to name exactly repo:OWNER/REPOSITORY:environment:publish, with no wildcard.",
  'The App that signs online: only this repository, contents and actions alone, its key nowhere but in the environment online-signing.',
  'Secrets: the online key is a secret of the environment, not of the repository or the organisation, which every branch reads.',
];
