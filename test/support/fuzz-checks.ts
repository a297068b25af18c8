import { randomInt } from 'node:crypto';
import type { Judgement } from '../../src/event/judge.ts';
import { reportOf } from '../../src/event/report.ts';
import { JsonError } from '../../src/json.ts';
import { MetadataError } from '../../src/metadata/error.ts';
import { PolicyError } from '../../src/policy/error.ts';
import { renderJson, reportJson } from '../../src/render/json.ts';
import { renderMarkdown } from '../../src/render/markdown.ts';
import { renderMention } from '../../src/render/mention.ts';
import { renderTerminal } from '../../src/render/terminal.ts';
import { visible } from '../../src/render/visible.ts';
import { RepositoryError } from '../../src/repository/error.ts';
import type { Parsed } from '../../src/repository/tree.ts';
import { testNow } from './tree-builder.ts';

/** Another one each time, unless told. What a failed run says brings it back. */
export const fuzzSeed: number = Number(process.env['TUF_SIGNER_FUZZ_SEED'] ?? randomInt(2 ** 31));
export const fuzzRuns: number = Number(process.env['TUF_SIGNER_FUZZ_RUNS'] ?? 10_000);

/** What every fuzz test says at its start. */
export const announceFuzz = (): void =>
  console.info(`fuzz: TUF_SIGNER_FUZZ_SEED=${fuzzSeed} TUF_SIGNER_FUZZ_RUNS=${fuzzRuns}`);

/** fast-check's settings for one of `of` equal parts of the run. */
export const fuzzShare = (of: number): { readonly seed: number; readonly numRuns: number } => ({
  seed: fuzzSeed,
  numRuns: Math.ceil(fuzzRuns / of),
});

type Fault = typeof JsonError | typeof MetadataError | typeof PolicyError | typeof RepositoryError;
export const documentFaults: readonly Fault[] = [JsonError, MetadataError];
export const stateFaults: readonly Fault[] = [JsonError, MetadataError, RepositoryError];
export const policyFaults: readonly Fault[] = [PolicyError];

/** What `parse` gives, or an error of one of these very classes. Any other one is a defect, and ends the test; so is a message that is no short line of ASCII. */
export function attempt<T>(parse: () => T, faults: readonly Fault[]): Parsed<T> {
  try {
    return { ok: true, value: parse() };
  } catch (error) {
    const fault = faults.map(known => (error instanceof known ? error : undefined)).find(found => found);
    if (fault === undefined) throw error;
    if (!/^[ -~]{1,800}$/.test(fault.message))
      throw new Error('the message shows what it may not', { cause: error });
    return { ok: false, error: fault };
  }
}

/** Throws where a rule threw: the judge makes a refusal of that, in these words. */
export function requireApplied({ reasons }: Judgement): void {
  const broken = reasons.find(({ message }) => message.includes('this rule could not be applied'));
  if (broken !== undefined) throw new Error(`rule ${broken.rule}: ${broken.message}`);
}

/** Throws where untrusted text reaches a reader as anything but visible characters. */
export function requireHarmless(where: string, text: string): void {
  const plain = text.replaceAll('\n', ' ');
  if (visible(plain) !== plain) throw new Error(`${where} shows what can not be seen`);
}

/** Plans, describes and reports the judgement, and shows it in all forms. */
export function requireRendered(judgement: Judgement): void {
  const report = reportOf(judgement, { event: 'sign/fuzz', now: testNow });
  requireHarmless('the page', renderMarkdown(report));
  requireHarmless('the terminal', renderTerminal(report, { colour: false, width: 80 }));
  requireHarmless('the JSON', renderJson(reportJson(report)));
  const owners = new Set(report.awaited.flatMap(({ owner }) => owner ?? []));
  requireHarmless('the mention', renderMention(report, owners) ?? '');
}

/** For one file of a few kilobytes, from its bytes to every page about it; some milliseconds where nothing is wrong. */
const MAX_MS = 5_000;

/** Runs `work`, and throws where it takes long. */
export function requireSwift(work: () => void): void {
  const begin = performance.now();
  work();
  const took = performance.now() - begin;
  if (took > MAX_MS) throw new Error(`took ${took} ms`);
}
