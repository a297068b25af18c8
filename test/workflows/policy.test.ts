import { describe, expect, it } from 'vitest';
import { type PolicyFile, parsePolicyFile } from '../support/workflow-policy/file.ts';
import { A, ACTION, B, EVENT, HOSTILE, MAIN } from '../support/workflow-policy/hostile.ts';
import { CHECKS, disagreements, faultsOf } from '../support/workflow-policy/policy.ts';
import {
  ACTIONS,
  contracts,
  OWN_WORKFLOWS,
  readPolicyFile,
  TEMPLATES,
} from '../support/workflow-policy/shipped.ts';

const FILES = [...TEMPLATES, ...OWN_WORKFLOWS, ...ACTIONS];

it('finds the files', () => {
  expect(TEMPLATES).toHaveLength(9);
  expect(OWN_WORKFLOWS).toEqual(['.github/workflows/ci.yml', '.github/workflows/release.yml']);
  expect(ACTIONS).toHaveLength(9);
});

it.each(FILES)('%s keeps the policy', file =>
  expect(faultsOf(readPolicyFile(file), contracts())).toEqual([]),
);

it('pins each action to one commit everywhere', () =>
  expect(disagreements(FILES.map(readPolicyFile))).toEqual([]));

describe('the policy', () => {
  it.each([
    ['an event', EVENT],
    ['main', MAIN],
    ['an action', ACTION],
  ])('lets %s pass', (_, text) => {
    expect(faultsOf(parsePolicyFile('w.yml', text), contracts())).toEqual([]);
  });

  it.each(HOSTILE)('refuses by %s: %s', (check, _, base, old, now) => {
    expect(base.split(old), 'the row changes one place').toHaveLength(2);
    const faults = faultsOf(
      parsePolicyFile(
        'w.yml',
        base.replace(old, () => now),
      ),
      contracts(),
    );
    expect(faults.map(fault => fault.slice(0, fault.indexOf(':')))).toContain(check);
  });

  it('has a hostile row for each check', () =>
    expect(new Set(HOSTILE.map(([check]) => check))).toEqual(new Set(CHECKS.keys())));

  it('lets a checkout keep its token for a step that pushes', () => {
    const pushing = EVENT.replace('          persist-credentials: false\n', '          fetch-depth: 0\n');
    const file = parsePolicyFile('w.yml', pushing.replace('echo "$NAME"', 'git push'));
    expect(faultsOf(file, contracts())).toEqual([]);
  });

  it('sees one action at two commits, or at one under two versions', () => {
    const file = (commit: string, version: string): PolicyFile =>
      parsePolicyFile('w.yml', `on: push\nsteps:\n  - uses: a/b@${commit} # ${version}\n`);
    expect(disagreements([file(A, 'v1.0.0'), file(A, 'v1.0.0')])).toEqual([]);
    expect(disagreements([file(A, 'v1.0.0'), file(B, 'v1.0.0')])).toEqual(['a/b']);
    expect(disagreements([file(A, 'v1.0.0'), file(A, 'v1.0.1')])).toEqual(['a/b']);
  });

  it.each([
    ['a key twice', 'on: push\non: pull_request\n'],
    ['no mapping', '- on\n'],
    ['no YAML', 'on: [\n'],
    ['two documents', 'on: push\n---\non: pull_request\n'],
  ])('does not read %s', (_, text) => expect(() => parsePolicyFile('w.yml', text)).toThrow('w.yml'));
});
