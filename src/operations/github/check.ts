import type { SettingChange, SettingsFacts, Told } from '../../forge/settings.ts';
import type { ActionsReference, TemplateFile } from './template.ts';
import type { WorkflowFile } from './workflow-file.ts';

/** `fail`: what a card has to sign for could be gone around, or automation can't work. `unknown`: it could not be looked at. */
export type FindingState = 'ok' | 'warn' | 'fail' | 'unknown';

/** What a row of the table says of a repository. */
export interface Verdict {
  readonly state: FindingState;
  /** The fact. May hold untrusted text. */
  readonly says: string;
  /** What the person can do about it; there is one unless all is well. */
  readonly fix?: string;
  /** What would mend it, where the API can. */
  readonly changes?: readonly SettingChange[];
}

export interface Finding extends Verdict {
  readonly id: string;
  /** Where a person looks, below the repository's address. */
  readonly page: string;
}

/** Everything that rows judge. */
export interface Look {
  /** `undefined`: there is no token. */
  readonly facts: SettingsFacts | undefined;
  /** The branch that events go to. */
  readonly main: string;
  /** The workflows on main, as git has them. */
  readonly workflows: readonly WorkflowFile[];
  readonly template: readonly TemplateFile[];
  /** Where this version's actions are; `undefined` where this build does not know. */
  readonly actions: ActionsReference | undefined;
  /** Of this package, as in `1.2.3`. */
  readonly version: string;
  /** The GitHub App that signs online, by its id. */
  readonly app: number | undefined;
}

/** One row: something that has to hold of a repository on GitHub. */
export interface SettingCheck {
  readonly id: string;
  /** What is wanted, as a sentence. */
  readonly wanted: string;
  /** Why: what goes wrong without it. */
  readonly why: string;
  /** Where a person looks, below the repository's address. */
  readonly page: string;
  /** `git`: it lies in main. `api`: it takes a token. */
  readonly reads: 'git' | 'api';
  /** Can it be set from here? */
  readonly settable: boolean;
  judge(look: Look): Verdict;
}

export const ok = (says: string): Verdict => ({ state: 'ok', says });
export const warn = (says: string, fix: string, ...changes: readonly SettingChange[]): Verdict => ({
  state: 'warn',
  says,
  fix,
  changes,
});
export const fail = (says: string, fix: string, ...changes: readonly SettingChange[]): Verdict => ({
  state: 'fail',
  says,
  fix,
  changes,
});
export const unknown = (says: string, fix: string): Verdict => ({ state: 'unknown', says, fix });

/** Judges one of the forge's facts; one that is not known is never fine. */
export const judged =
  <K extends Exclude<keyof SettingsFacts, 'defaultBranch'>>(
    name: K,
    judge: (fact: FactOf<K>, look: Look) => Verdict,
  ): SettingCheck['judge'] =>
  look => {
    if (look.facts === undefined) return unknown('not looked at: there is no token', LOOK_YOURSELF);
    const fact = look.facts[name] as Told<FactOf<K>>;
    return 'told' in fact ? judge(fact.told, look) : unknown(fact.hidden, LOOK_YOURSELF);
  };

type FactOf<K extends Exclude<keyof SettingsFacts, 'defaultBranch'>> =
  Extract<SettingsFacts[K], { readonly told: unknown }> extends { readonly told: infer T } ? T : never;

const LOOK_YOURSELF = 'look at the page named here, or use a token that may see it';

/** Untrusted names for a sentence, the first few of them. */
export const list = (names: readonly string[]): string =>
  names.length <= MOST
    ? names.join(', ')
    : `${names.slice(0, MOST).join(', ')} and ${names.length - MOST} more`;

const MOST = 5;
