/** `fail`: signing will not work. `warn`: it will, but something should be mended. */
export type CheckState = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Check {
  /** What was looked at, for programs: `pcsc`, `pin`, `git`. */
  readonly id: string;
  readonly state: CheckState;
  /** The fact. May hold untrusted text. */
  readonly says: string;
  /** What the person can do about it; there is one unless all is well. */
  readonly fix?: string;
}

export const ok = (id: string, says: string): Check => ({ id, state: 'ok', says });
export const warn = (id: string, says: string, fix: string): Check => ({ id, state: 'warn', says, fix });
export const fail = (id: string, says: string, fix: string): Check => ({ id, state: 'fail', says, fix });
