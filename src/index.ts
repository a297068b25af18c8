/** The public surface of tuf-signer as a library. Everything else may change without notice. */

export { directoryFetcher } from './client/directory.ts';
export { ClientError, type ClientErrorCode } from './client/error.ts';
export { type Fetcher, type RepositorySource, type SiteLayout, siteOf } from './client/fetcher.ts';
export { type HttpOptions, httpFetcher } from './client/http.ts';
export { type ClientLimits, defaultLimits } from './client/limits.ts';
export type { TargetInfo } from './client/search.ts';
export { fileStore, type MetadataStore, memoryStore } from './client/store.ts';
export { Updater, type UpdaterOptions } from './client/updater.ts';
export { type VerifiedRepository, verifyRepository } from './client/verify-repository.ts';
export { type Clock, fixedClock, formatInstant, type Instant, parseInstant, systemClock } from './clock.ts';
export { CodedError } from './errors.ts';
export { type Facts, noFacts } from './event/context.ts';
export { type EventInput, type Judgement, judge, judgeRepository, type Verdict } from './event/judge.ts';
export { type Reason, type RuleId, ruleIds, type Severity } from './event/reason.ts';
export { type EventReport, reportOf } from './event/report.ts';
export { canonicalJson } from './metadata/canonical.ts';
export { type Document, parseDocument, signedBytes } from './metadata/document.ts';
export { MetadataError } from './metadata/error.ts';
export { computeKeyid, type Key, publicKeyOf } from './metadata/key.ts';
export { type Quorum, requireQuorum, verifyQuorum } from './metadata/quorum.ts';
export { serializeJson } from './metadata/serialize.ts';
export { defaultPolicy, type Policy } from './policy/policy.ts';
export type { RepositoryTree } from './repository/tree.ts';
export type { PersonalSigner, PublicKeyInfo, Signer } from './signers/signer.ts';
