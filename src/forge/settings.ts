// What a forge's settings say, as values: checks judge these, and an adapter reads and writes them.

/** A setting, or why it is not known: a sentence. What is not known is never taken for good. */
export type Told<T> = { readonly told: T } | { readonly hidden: string };

/** Who may deploy to an environment: every branch, those under any protection, or those that patterns name. */
export interface EnvironmentFact {
  readonly name: string;
  readonly branches: 'all' | 'protected' | readonly string[];
}

/** Somebody whom a rule does not hold for. */
export interface BypassFact {
  /** `actions`: whatever a workflow of any branch does. `writers`: everybody who may push. `app`: another app. */
  readonly who: 'actions' | 'writers' | 'app' | 'people' | 'deploy-key';
  /** As the forge has it, to tell them apart: `Integration 15368`. */
  readonly name: string;
}

/** Rules that hold together: a ruleset, or classic branch protection. */
export interface RuleFact {
  /** Absent: it can't be changed from here (classic protection, or an organisation's ruleset). */
  readonly id: number | undefined;
  readonly name: string;
  readonly holdsFor: { readonly main: boolean; readonly events: boolean };
  /** As in GitHub's rulesets: `pull_request`, `deletion`, `non_fast_forward`, `required_status_checks`, `update`, `creation`. */
  readonly types: ReadonlySet<string>;
  readonly requiredChecks: readonly string[];
  /** `undefined`: the forge does not say so to this token. */
  readonly bypass: readonly BypassFact[] | undefined;
}

export interface ActionsFact {
  readonly enabled: boolean;
  /** `undefined`: all. Else: the forge's own, and what these patterns name. */
  readonly allowed: { readonly forgeOwned: boolean; readonly patterns: readonly string[] } | undefined;
  /** `undefined`: the forge knows no such setting. */
  readonly pinsRequired: boolean | undefined;
}

export interface JobTokenFact {
  readonly mayWriteByDefault: boolean;
  readonly mayOpenPullRequests: boolean;
}

/** Which claims the subject of an OIDC token is made of; `default`: repository and branch or environment. */
export type SubjectFact = 'default' | readonly string[];

export interface WorkflowFact {
  /** As in `.github/workflows/test.yml`. */
  readonly path: string;
  /** `active`, or why it does not run: `disabled_inactivity`, `disabled_manually`. */
  readonly state: string;
}

export interface SettingsFacts {
  readonly defaultBranch: string;
  /** How the forge's pages are built; `none`: there are none. */
  readonly pages: Told<'workflow' | 'branch' | 'none'>;
  readonly environments: Told<readonly EnvironmentFact[]>;
  readonly rules: Told<readonly RuleFact[]>;
  readonly actions: Told<ActionsFact>;
  readonly jobToken: Told<JobTokenFact>;
  readonly subject: Told<SubjectFact>;
  readonly workflows: Told<readonly WorkflowFact[]>;
}

/** One thing that can be set. What it does not name stays as it is. */
export type SettingChange =
  | { readonly kind: 'pages' }
  /** Makes the environment if it is not there; afterwards `branch` alone may deploy to it. */
  | { readonly kind: 'environment'; readonly name: string; readonly branch: string }
  /** Makes a ruleset out of `body`, in the forge's own words. */
  | { readonly kind: 'ruleset'; readonly name: string; readonly body: Readonly<Record<string, unknown>> }
  /** Takes the Actions app and those who may push from the list of whom a ruleset does not hold for. */
  | { readonly kind: 'no-bypass'; readonly ruleset: number; readonly name: string }
  | { readonly kind: 'require-pins' }
  | { readonly kind: 'read-by-default' }
  | { readonly kind: 'open-pull-requests' }
  | { readonly kind: 'default-subject' }
  | { readonly kind: 'enable-workflow'; readonly path: string };

/** The settings of one repository on a forge. */
export interface ForgeSettings {
  /** Throws ForgeError where the repository can't be reached at all; what the token may not see is told as hidden. */
  read(): Promise<SettingsFacts>;
  /** Throws ForgeError. */
  write(change: SettingChange): Promise<void>;
}
