import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { fieldsOf, jobsOf, listOf } from '../support/workflow-policy/file.ts';
import { readPolicyFile, readProject, TEMPLATES } from '../support/workflow-policy/shipped.ts';
import { OUR_VERSION, OURS } from '../support/workflow-policy/uses.ts';

const readJson = (name: string): Ruleset =>
  JSON.parse(readProject(`workflows-template/rulesets/${name}.json`)) as Ruleset;

interface Ruleset {
  readonly conditions: { readonly ref_name: { readonly include: readonly string[] } };
  readonly bypass_actors: readonly { readonly actor_id: number; readonly actor_type: string }[];
  readonly rules: readonly {
    readonly type: string;
    readonly parameters?: Readonly<Record<string, unknown>>;
  }[];
}

/** GitHub's own app, as which every job's github.token acts, from whatever branch. */
const ACTIONS_APP = 15_368;
/** What a maintainer has to fill in: GitHub takes no ruleset with it. */
const PLACEHOLDER = 0;
const STATUS = 'tuf-signer';

describe('rulesets', () => {
  const main = readJson('main');
  const parameters = (type: string): Readonly<Record<string, unknown>> =>
    main.rules.find(rule => rule.type === type)?.parameters ?? {};

  it('of main let one App past, which is not that of Actions', () => {
    expect(main.conditions.ref_name.include).toEqual(['~DEFAULT_BRANCH']);
    expect(main.bypass_actors.map(({ actor_id }) => actor_id)).toEqual([PLACEHOLDER]);
  });

  it('of main want a pull request, a review, a merge commit, and neither rewind nor deletion', () => {
    expect(main.rules.map(({ type }) => type)).toEqual([
      'deletion',
      'non_fast_forward',
      'pull_request',
      'required_status_checks',
    ]);
    expect(parameters('pull_request')).toMatchObject({
      required_approving_review_count: 1,
      dismiss_stale_reviews_on_push: true,
      require_code_owner_review: true,
      allowed_merge_methods: ['merge'],
    });
  });

  it('of main want the status that judging sets, of both workflows that judge', () => {
    expect(parameters('required_status_checks')['required_status_checks']).toEqual([
      { context: STATUS, integration_id: ACTIONS_APP },
    ]);
    expect(readProject('src/forge/github.ts')).toContain(`const STATUS = '${STATUS}';`);
    const jobs = jobsOf(readPolicyFile('workflows-template/workflows/check-pull-request.yml'));
    expect(jobs.map(({ fields }) => fields.get('name'))).toEqual([STATUS]);
  });

  it('of events let automation and one team write, and nobody rewind', () => {
    const sign = readJson('sign');
    expect(sign.bypass_actors.map(({ actor_id }) => actor_id)).toEqual([ACTIONS_APP, PLACEHOLDER]);
    expect(sign.rules).toEqual([{ type: 'creation' }, { type: 'update' }]);
    const history = readJson('sign-history');
    expect(history.bypass_actors).toEqual([]);
    expect(history.rules).toEqual([{ type: 'non_fast_forward' }]);
    for (const { conditions } of [sign, history])
      expect(conditions.ref_name.include).toEqual(['refs/heads/sign/**/*']);
  });

  it('of an environment let nothing in but main', () => {
    expect(readJson('environment')).toMatchObject({
      deployment_branch_policy: { protected_branches: false, custom_branch_policies: true },
    });
    expect(readJson('environment-branch')).toEqual({ name: 'main', type: 'branch' });
  });
});

describe('templates', () => {
  it('name the workflow that publishes as it is called', () => {
    const { fields } = readPolicyFile('workflows-template/workflows/online-sign.yml');
    const steps = [...fieldsOf(fields.get('jobs')).values()].flatMap(job =>
      listOf(fieldsOf(job).get('steps')).map(fieldsOf),
    );
    const named = steps.flatMap(step => fieldsOf(step.get('with')).get('publish-workflow') ?? []);
    expect(named).toEqual(['publish.yml']);
    expect(TEMPLATES).toContain('workflows-template/workflows/publish.yml');
  });

  it('serialise all that publishes in one group', () => {
    const publishing = TEMPLATES.filter(file => file.includes('/publish'));
    expect(publishing).toHaveLength(3);
    for (const file of publishing)
      expect(fieldsOf(readPolicyFile(file).fields.get('concurrency')).get('group')).toBe('publish');
  });

  it('are filled in by two replacements, which leave no placeholder', () => {
    for (const file of TEMPLATES) {
      const text = readProject(file);
      expect(text).toContain(`@${OUR_VERSION}`);
      const filled = text
        .replaceAll(`uses: ${OURS}`, 'uses: town/signer')
        .replaceAll(OUR_VERSION, `${'c'.repeat(40)} # v1.2.3`);
      expect(filled).not.toMatch(/uses: OWNER|v0\.0\.0|@0{40}/);
    }
  });

  it.each([
    ['publish-s3', 's3'],
    ['publish-gcs', 'gs'],
  ])('leave the order and the headers of files to the action deploy, in %s', (name, scheme) => {
    const text = readProject(`workflows-template/optional/${name}.yml`);
    const { fields } = readPolicyFile(`workflows-template/optional/${name}.yml`);
    const publish = fieldsOf(fieldsOf(fields.get('jobs')).get('publish'));
    const steps = listOf(publish.get('steps')).map(fieldsOf);
    const uses = steps.map(step => String(step.get('uses')).replace(/^.*\/|@.*$/g, ''));
    expect(uses.filter(action => action !== 'auth' && action !== 'configure-aws-credentials')).toEqual([
      'upload-repository',
      'deploy',
      'test-repository',
    ]);
    // Signed in before, and nothing of the workflow's own runs with those rights.
    expect(uses.at(1)).toMatch(/^(auth|configure-aws-credentials)$/);
    expect(text).not.toMatch(/^ +(- )?run:/m);
    expect(Object.fromEntries(fieldsOf(steps.at(2)?.get('with')))).toEqual({
      path: '${{ steps.site.outputs.path }}',
      to: `${scheme}://\${{ vars.TUF_SIGNER_BUCKET }}`,
      'trusted-root': '${{ vars.TUF_SIGNER_TRUSTED_ROOT }}',
    });
  });
});

describe('what lies beside the workflows', () => {
  const folder = 'workflows-template/ISSUE_TEMPLATE';
  const forms = readdirSync(fileURLToPath(new URL(`../../${folder}`, import.meta.url)));

  it('has forms that GitHub can read', () => {
    expect(forms.sort()).toEqual(['artifact.yml', 'config.yml', 'signers.yml']);
    for (const name of forms.filter(form => form !== 'config.yml')) {
      const form = parse(readProject(`${folder}/${name}`)) as Form;
      expect(form.name).not.toBe('');
      expect(form.description).not.toBe('');
      const ids = form.body.flatMap(({ id }) => id ?? []);
      expect(new Set(ids).size).toBe(ids.length);
      for (const { type } of form.body)
        expect(['input', 'textarea', 'markdown', 'checkboxes']).toContain(type);
    }
  });

  it('asks the maintainers for what decides what runs', () => {
    const owners = readProject('workflows-template/CODEOWNERS');
    // The last line that fits a file counts. A branch's own workflow can approve as automation, which owns nothing.
    expect(owners.split('\n').find(line => !line.startsWith('#'))).toMatch(/^\* +@\S+$/);
    expect(owners).toMatch(/^\/\.github\/ +@\S+$/m);
    const dependabot = parse(readProject('workflows-template/dependabot.yml')) as Dependabot;
    expect(dependabot.version).toBe(2);
    expect(dependabot.updates.map(update => update['package-ecosystem'])).toEqual(['github-actions']);
  });
});

interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly { readonly type: string; readonly id?: string }[];
}
interface Dependabot {
  readonly version: number;
  readonly updates: readonly { readonly 'package-ecosystem': string }[];
}
