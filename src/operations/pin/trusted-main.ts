import { GitError } from '../../git/error.ts';
import type { BranchName } from '../../git/names.ts';
import type { CommitSha } from '../../git/oid.ts';
import { RepositoryError } from '../../repository/error.ts';
import { OperationError } from '../error.ts';
import { loadRemoteEvent } from '../event.ts';
import type { Prompter } from '../prompter.ts';
import { openRepair } from '../repair.ts';
import { fetchMain, type Main, type Workspace } from '../workspace.ts';
import { type MainStanding, type Trust, untrusted, verifyFromPin } from './trust.ts';

type Broken = Extract<MainStanding, { status: 'broken' }>;

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

  async #refuse(main: Main, { problems, sound, isConsistent }: Broken): Promise<never> {
    if (sound === undefined) {
      throw untrusted(
        problems,
        '. Ask the others what happened. If main was moved on purpose: tuf-signer pin reset',
      );
    }
    for (const problem of problems) this.#prompter.progress(`main: ${problem}`);
    const question = `Main was sound at ${sound.slice(0, 12)}. Open an event that puts back what it held then?`;
    if (!(await this.#prompter.confirm(question))) throw untrusted(problems);
    const repair = await openRepair(this.#workspace, { main, sound, isConsistent });
    throw untrusted(problems, `: have ${repair} looked at and merged, then sign again`);
  }
}
