import { GitError } from '../../git/error.ts';
import type { BranchName } from '../../git/names.ts';
import type { CommitSha } from '../../git/oid.ts';
import { RepositoryError } from '../../repository/error.ts';
import { OperationError } from '../error.ts';
import { loadRemoteEvent } from '../event.ts';
import type { Prompter } from '../prompter.ts';
import { fetchMain, type Main, type Workspace } from '../workspace.ts';
import { type Broken, offerRepair } from './repair-main.ts';
import { type Trust, untrusted, verifyFromPin } from './trust.ts';

/** Main as a person who signs one event sees it: fetched, and verified from the pin whenever it has moved. */
export class TrustedMain {
  readonly #workspace: Workspace;
  readonly #branch: BranchName;
  readonly #trust: Trust;
  readonly #prompter: Prompter;
  #verified: CommitSha | undefined;
  #isEmpty = false;

  constructor(workspace: Workspace, branch: BranchName, trust: Trust, prompter: Prompter) {
    this.#workspace = workspace;
    this.#branch = branch;
    this.#trust = trust;
    this.#prompter = prompter;
  }

  /** Has main no metadata yet? */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /**
   * Fetches main and the events. Throws as {@link verifyFromPin} does, and {@link OperationError} `UNTRUSTED` where main does not
   * follow from the pin and the event does not mend that; an event that would is offered.
   */
  async fetch(): Promise<void> {
    const main = await fetchMain(this.#workspace);
    if (this.#verified === main.commit) return;
    const standing = await verifyFromPin(this.#workspace, main, this.#trust, this.#prompter);
    if (standing.status === 'broken' && !(await this.#isMended(standing))) await this.#refuse(main, standing);
    this.#isEmpty = standing.status === 'empty';
    this.#verified = main.commit;
  }

  async #isMended({ sound }: Broken): Promise<boolean> {
    try {
      const { isRepair, knownGoodCommit } = await loadRemoteEvent(this.#workspace, this.#branch);
      return isRepair && knownGoodCommit === sound;
    } catch (error) {
      const isOfEvent =
        error instanceof OperationError || error instanceof GitError || error instanceof RepositoryError;
      if (!isOfEvent) throw error;
      return false;
    }
  }

  async #refuse(main: Main, broken: Broken): Promise<never> {
    const branch = await offerRepair(this.#workspace, main, broken, this.#prompter);
    throw untrusted(broken.problems, `: have ${branch} looked at and merged, then sign again`);
  }
}
