import { type QuorumOf, quorumsOf } from '../../event/plan.ts';
import { keyName, listed, plural } from '../../event/words.ts';
import type { RoleName } from '../../metadata/names.ts';
import { distinctKeys } from '../../metadata/quorum.ts';
import type { LoadedEvent } from '../event.ts';

/** What the old key is still wanted for. */
export interface Handover {
  /** One sentence each. */
  readonly sentences: readonly string[];
  /** Can everything be signed without the old key? */
  readonly worksWithout: boolean;
}

/**
 * What becomes of the event if the old key (a fingerprint) is lost: root's old quorum counts it until the new root is there, and
 * so do roles that keep it.
 */
export function handoverOf({ judgement }: LoadedEvent, old: string): Handover {
  const { context } = judgement;
  const asks = [...context.graph.roles.keys()]
    .filter(role => !context.isSettled(role))
    .flatMap(role =>
      quorumsOf(context, role).flatMap(({ of, quorum, delegations }) => {
        const definition = delegations.roles.get(role);
        const keys = definition === undefined ? undefined : distinctKeys(delegations, definition);
        if (keys?.has(old) !== true) return [];
        const others = [...keys]
          .filter(([fingerprint]) => fingerprint !== old)
          .map(([, key]) => keyName(key));
        return [{ quorum: quorumName(role, of), threshold: quorum.threshold, others }];
      }),
    );
  if (asks.length === 0) return { sentences: ['your old key is not asked for any more'], worksWithout: true };
  return {
    sentences: asks.map(({ quorum, threshold, others }) => {
      const counts = `your old key still counts in ${quorum}, which takes ${plural(threshold, 'signature')}`;
      return others.length >= threshold
        ? `${counts}: if it is lost, ${listed(others)} can do it without`
        : `${counts}: it can't be done without, as only ${listed(others) || 'nobody'} would be left; keep the old key until this is merged`;
    }),
    worksWithout: asks.every(({ threshold, others }) => others.length >= threshold),
  };
}

const quorumName = (role: RoleName, of: QuorumOf): string =>
  of === 'old' ? `the quorum of main's ${role}` : `the quorum of ${role}`;
