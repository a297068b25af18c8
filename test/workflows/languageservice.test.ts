import type { ActionsMetadataProvider } from '@actions/languageservice';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { testFolder } from '../support/git-repo.ts';
import { ACTIONS, OWN_WORKFLOWS, readProject, TEMPLATES } from '../support/workflow-policy/shipped.ts';
import { loadValidator, type Validator } from '../support/workflow-policy/validator.ts';

type Metadata = NonNullable<Awaited<ReturnType<ActionsMetadataProvider['fetchActionMetadata']>>>;

/** Of other people's actions what the workflows use, as their documentation has it at the version that is pinned. */
const OTHERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['actions/checkout', ['fetch-depth', 'persist-credentials']],
  ['actions/create-github-app-token', ['app-id', 'private-key', 'permission-actions', 'permission-contents']],
  ['actions/deploy-pages', []],
  ['actions/setup-node', ['node-version', 'package-manager-cache']],
  ['actions/upload-pages-artifact', ['path']],
  ['aws-actions/configure-aws-credentials', ['aws-region', 'role-to-assume']],
  ['google-github-actions/auth', ['workload_identity_provider', 'service_account']],
]);

/** Our own actions are as they are in this clone. */
const actionsMetadataProvider: ActionsMetadataProvider = {
  fetchActionMetadata: ({ owner, name, path }) => {
    if (`${owner}/${name}` === 'OWNER/tuf-signer') {
      const file = path === undefined ? 'action.yml' : `${path}/action.yml`;
      return Promise.resolve(parse(readProject(file)) as Metadata);
    }
    const inputs = OTHERS.get(`${owner}/${name}`)?.map(input => [input, { description: input }] as const);
    const metadata = inputs && { name, description: name, inputs: Object.fromEntries(inputs) };
    return Promise.resolve(metadata);
  },
};

let validator: Validator;
let documents = 0;

beforeAll(async () => {
  await using folder = await testFolder();
  validator = await loadValidator(folder.path);
});

/** What GitHub's own parser and validator says, one line each. It remembers documents by their place. */
async function complaints(file: string, text: string): Promise<readonly string[]> {
  const document = validator.TextDocument.create(`file:///${documents++}/${file}`, 'yaml', 1, text);
  const found = await validator.validate(document, { actionsMetadataProvider });
  return found.map(({ message, range }) => {
    const words = typeof message === 'string' ? message : message.value;
    return `${range.start.line + 1}: ${words}`;
  });
}

it.each([...TEMPLATES, ...OWN_WORKFLOWS])("GitHub's validator has nothing to say of %s", async file => {
  expect(await complaints(`.github/workflows/${file.split('/').at(-1)}`, readProject(file))).toEqual([]);
});

it.each(ACTIONS)("GitHub's validator has nothing to say of %s", async file => {
  expect(await complaints(file, readProject(file))).toEqual([]);
});

describe("GitHub's validator, asked as above, does complain", () => {
  const workflow = readProject('workflows-template/workflows/online-sign.yml');
  it.each([
    ['an unknown key', 'timeout-minutes:', 'timeout-hours:', /timeout-hours/],
    ['a context that is not there', 'needs.sign.result', 'need.sign.result', /need/],
    ['an input that is not there', 'publish-workflow:', 'publishes:', /publishes/],
    ['a cron that is none', '47 1,7,13,19 * * *', '47 25 * * *', /cron/],
    ['a job that is not there', 'needs: sign', 'needs: sing', /sing/],
    ['a scope that is not there', 'issues: write', 'isues: write', /isues/],
  ])('of %s', async (_, old, now, complaint) => {
    expect(workflow).toContain(old);
    const found = await complaints('.github/workflows/w.yml', workflow.replace(old, now));
    expect(found.join('\n')).toMatch(complaint);
  });

  it('of an action without steps', async () => {
    const text = 'name: x\ndescription: y\nruns:\n  using: composite\n';
    expect(await complaints('actions/x/action.yml', text)).not.toEqual([]);
  });
});
