/** Workflows and actions that keep the policy, and what an attacker, or a tired person, makes of them. */

export const A: string = 'a'.repeat(40);
export const B: string = 'b'.repeat(40);
const Z = '0'.repeat(40);

/** Breaks no check. Each row below changes one thing of it. */
export const EVENT: string = `# Judges.
# When: on a push.
# Needs: nothing.
# Never: a secret.
name: Event
on:
  push:
    branches: ['sign/**']
permissions: {}
concurrency:
  group: event
  cancel-in-progress: false
jobs:
  judge:
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions:
      contents: write
    outputs:
      verdict: \${{ steps.event.outputs.verdict }}
    steps:
      - uses: actions/checkout@${A} # v5.0.0
        with:
          persist-credentials: false
      - id: event
        uses: OWNER/tuf-signer/actions/signing-event@${Z} # v0.0.0
        with:
          event: \${{ github.ref_name }}
      - run: echo "$NAME"
        env:
          NAME: \${{ github.ref_name }}
  tell:
    needs: judge
    runs-on: ubuntu-latest
    timeout-minutes: 10
    permissions: {}
    steps:
      - uses: OWNER/tuf-signer/actions/update-issue@${Z} # v0.0.0
        with:
          success: \${{ needs.judge.outputs.verdict == 'accepted' }}
`;
/** The same, from main and with a secret. */
export const MAIN: string = EVENT.replace("['sign/**']", '[main]').replace(
  '    outputs:',
  '    environment: online\n    env:\n      KEY: ${{ secrets.KEY }}\n    outputs:',
);
export const ACTION: string = `name: Acts
inputs:
  event:
    description: Its branch.
    required: true
outputs:
  said:
    value: \${{ steps.run.outputs.said }}
runs:
  using: composite
  steps:
    - uses: actions/setup-node@${A} # v6.0.0
    - id: run
      shell: bash
      run: node main.mjs
      env:
        INPUT_EVENT: \${{ inputs.event }}
`;

/** Which check refuses what comes out when `old`, which stands there once, becomes `now`. */
export type Row = readonly [check: string, name: string, base: string, old: string, now: string];

export const HOSTILE: readonly Row[] = [
  [
    'plain',
    'a part that another stands for',
    EVENT,
    'permissions: {}\n    steps',
    'permissions: &p {}\n    steps',
  ],
  [
    'plain',
    'a merged part',
    MAIN,
    '    environment: online\n',
    '    <<: { if: false }\n    environment: online\n',
  ],
  ['opening', 'no words', EVENT, '# Judges.\n', ''],
  ['opening', 'no word on secrets', EVENT, '# Never: a secret.\n', ''],
  ['triggers', 'head code with rights', EVENT, "push:\n    branches: ['sign/**']", 'pull_request_target:'],
  ['triggers', 'what another workflow says', MAIN, 'push:\n    branches: [main]', 'workflow_run:'],
  ['triggers', 'a comment', EVENT, "push:\n    branches: ['sign/**']", 'issue_comment:'],
  ['triggers', 'no trigger', EVENT, "on:\n  push:\n    branches: ['sign/**']", 'on: {}'],
  ['triggers', 'a list of triggers', EVENT, "on:\n  push:\n    branches: ['sign/**']", 'on: [deployment]'],
  ['triggers', 'every push', EVENT, "\n    branches: ['sign/**']", ''],
  ['triggers', 'all branches but one', EVENT, 'branches:', 'branches-ignore:'],
  ['permissions', 'none on top', EVENT, 'permissions: {}\nconcurrency', 'concurrency'],
  ['permissions', 'some on top', EVENT, 'permissions: {}\nconc', 'permissions: { contents: read }\nconc'],
  ['permissions', 'none in a job', EVENT, '    permissions: {}\n', ''],
  ['permissions', 'all in a job', EVENT, '    permissions: {}\n', '    permissions: write-all\n'],
  ['permissions', 'one that is not needed', EVENT, 'contents: write', 'packages: read'],
  ['permissions', 'a level that is none', EVENT, 'contents: write', 'contents: admin'],
  ['permissions', 'a pull request that writes', EVENT, "push:\n    branches: ['sign/**']", 'pull_request:'],
  ['permissions', 'an event that starts workflows', EVENT, 'contents: write', 'actions: write'],
  ['secrets', 'one for an event', EVENT, '${{ github.ref_name }}\n  tell', '${{ secrets.KEY }}\n  tell'],
  [
    'secrets',
    'one by another spelling',
    EVENT,
    '${{ github.ref_name }}\n  tell',
    '${{ toJSON(SECRETS) }}\n  tell',
  ],
  ['secrets', 'one in a condition', EVENT, '- run:', "- if: secrets.KEY != ''\n        run:"],
  [
    'secrets',
    'one behind closing braces',
    EVENT,
    '${{ github.ref_name }}\n  tell',
    "${{ '}}' && secrets.K }}\n  tell",
  ],
  ['secrets', 'an id-token for an event', EVENT, 'contents: write', 'id-token: write'],
  ['secrets', 'an environment for an event', EVENT, '    outputs:', '    environment: online\n    outputs:'],
  ['secrets', 'main or any event', MAIN, '[main]', "[main, 'sign/**']"],
  ['secrets', 'main or any pull request', MAIN, '  push:', '  pull_request:\n  push:'],
  ['secrets', 'none asks for an environment', MAIN, '    environment: online\n', ''],
  ['secrets', 'an environment by a branch name', MAIN, 'online', '${{ github.ref_name }}'],
  [
    'secrets',
    'for every job',
    MAIN,
    'permissions: {}\nconc',
    'permissions: {}\nenv: { K: "${{ secrets.K }}" }\nconc',
  ],
  [
    'secrets',
    'an id-token without an environment',
    MAIN,
    '    permissions: {}',
    '    permissions: { id-token: write }',
  ],
  ['secrets', 'inside an action', ACTION, 'inputs.event }}', 'secrets.KEY || inputs.event }}'],
  ['concurrency', 'none', EVENT, 'concurrency:\n  group: event\n  cancel-in-progress: false\n', ''],
  [
    'concurrency',
    'only a name',
    EVENT,
    'concurrency:\n  group: event\n  cancel-in-progress: false\n',
    'concurrency: event\n',
  ],
  ['concurrency', 'cut off', EVENT, 'cancel-in-progress: false', 'cancel-in-progress: true'],
  [
    'concurrency',
    'cut off now and then',
    EVENT,
    'progress: false',
    'progress: ${{ github.run_attempt > 1 }}',
  ],
  ['jobs', 'no limit of time', EVENT, '    timeout-minutes: 10\n    permissions: {}', '    permissions: {}'],
  [
    'jobs',
    'a day',
    EVENT,
    '    timeout-minutes: 10\n    permissions: {}',
    '    timeout-minutes: 1440\n    permissions: {}',
  ],
  [
    'jobs',
    'a machine of somebody',
    EVENT,
    'runs-on: ubuntu-latest\n    timeout-minutes: 10\n    permissions: {}',
    'runs-on: self-hosted\n    timeout-minutes: 10\n    permissions: {}',
  ],
  [
    'jobs',
    'a machine that is computed',
    EVENT,
    'needs: judge\n    runs-on: ubuntu-latest',
    'needs: judge\n    runs-on: ${{ matrix.os }}',
  ],
  ['failures', 'a step', EVENT, '- run:', '- continue-on-error: true\n        run:'],
  ['failures', 'a job', EVENT, '    needs:', '    continue-on-error: true\n    needs:'],
  ['pins', 'a tag', EVENT, `checkout@${A} # v5.0.0`, 'checkout@v5'],
  ['pins', 'a branch', EVENT, `checkout@${A} # v5.0.0`, 'checkout@main # v5.0.0'],
  ['pins', 'a short commit', EVENT, `checkout@${A}`, `checkout@${A.slice(0, 12)}`],
  ['pins', 'no version', EVENT, `checkout@${A} # v5.0.0`, `checkout@${A}`],
  ['pins', 'half a version', EVENT, '# v5.0.0', '# v5'],
  [
    'pins',
    'written in one line',
    EVENT,
    `uses: actions/checkout@${A} # v5.0.0\n        with:\n          persist-credentials: false`,
    `{ uses: actions/checkout@${B}, with: { persist-credentials: false } } # v5.0.0`,
  ],
  ['pins', 'a container', EVENT, `actions/checkout@${A}`, 'docker://alpine:3'],
  ['pins', 'a folder of the branch', EVENT, `actions/checkout@${A}`, './evil'],
  ['pins', 'inside an action', ACTION, `@${A} # v6.0.0`, '@v6'],
  ['pins', 'ours by a tag', EVENT, `signing-event@${Z} # v0.0.0`, `signing-event@${A} # v1.0.0`],
  ['pins', 'ours without a version', EVENT, `signing-event@${Z} # v0.0.0`, `signing-event@${Z} # v1.0.0`],
  ['pins', 'the placeholder for another', EVENT, `checkout@${A}`, `checkout@${Z}`],
  [
    'pins',
    'one that is called like ours',
    EVENT,
    `OWNER/tuf-signer/actions/update-issue@${Z} # v0.0.0`,
    `OWNER/tuf-signer-x/actions/update-issue@${Z} # v0.0.0`,
  ],
  [
    'pins',
    'a workflow as a job',
    EVENT,
    '    needs: judge\n',
    `    needs: judge\n    uses: a/b/.github/workflows/c.yml@${A}\n`,
  ],
  ['inputs', 'one that is not there', EVENT, 'event: ${{', 'branch: ${{'],
  ['inputs', 'one that is missing', EVENT, 'success:', 'workflow:'],
  ['inputs', 'no such action', EVENT, 'actions/signing-event@', 'actions/sign-event@'],
  [
    'references',
    'an output that is not there',
    EVENT,
    'outputs.verdict }}\n    steps',
    'outputs.verdikt }}\n    steps',
  ],
  ['references', 'a step that is not there', EVENT, 'steps.event.', 'steps.judge.'],
  [
    'references',
    "a job's output that is not there",
    EVENT,
    'needs.judge.outputs.verdict',
    'needs.judge.outputs.state',
  ],
  ['references', 'a job that is not waited for', EVENT, '    needs: judge\n', ''],
  ['references', 'a job that is not there', EVENT, '    needs: judge\n', '    needs: [judge, build]\n'],
  [
    'references',
    'an input that is not there',
    EVENT,
    'event: ${{ github.ref_name }}',
    'event: ${{ inputs.event }}',
  ],
  ['references', "an action's input that is not there", ACTION, 'inputs.event }}', 'inputs.branch }}'],
  ['references', "an action's step that is not there", ACTION, 'steps.run.', 'steps.ran.'],
  ['scripts', 'a branch name', EVENT, 'echo "$NAME"', 'echo "${{ github.ref_name }}"'],
  ['scripts', 'inside an action', ACTION, 'run: node main.mjs', 'run: node main.mjs ${{ inputs.event }}'],
  ['scripts', 'a script of another kind', EVENT, 'event: ${{', 'script: ${{'],
  ['scripts', 'a shell', ACTION, 'shell: bash', 'shell: ${{ inputs.event }}'],
  ['credentials', 'a token that stays', EVENT, 'persist-credentials: false', 'fetch-depth: 0'],
  [
    'credentials',
    'a token that stays, said aloud',
    EVENT,
    'persist-credentials: false',
    'persist-credentials: true',
  ],
];
