import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject, member, parseJson } from '../../json.ts';
import { OperationError } from '../error.ts';

/** Where the actions of a version of tuf-signer are: the commit of its release. */
export interface ActionsReference {
  /** As in `owner/tuf-signer`. */
  readonly repository: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** As in `1.2.3`. */
  readonly version: string;
}

/** A file that this package brings for a repository on GitHub. */
export interface TemplateFile {
  /** Where it goes, from the top of the repository; `rulesets/…`: it goes to the API. */
  readonly path: string;
  readonly text: string;
  /** `ours`: follows this package's versions. `start`: a person's own once it is there. `ruleset`: no file of a repository. */
  readonly kind: 'ours' | 'start' | 'ruleset';
}

/** What the template writes where the reference to this version's actions goes. */
const PLACEHOLDER = /\bOWNER\/tuf-signer((?:\/[\w-]+)*)@0{40} # v0\.0\.0/g;

const REFERENCE = /^([\w.-]{1,100}\/[\w.-]{1,100})@([0-9a-f]{40})$/;

/** `OWNER/REPOSITORY@COMMIT`; `undefined` where it is none. A tag is none: it can be moved. */
export function parseActionsReference(text: string, version: string): ActionsReference | undefined {
  const [, repository, commit] = REFERENCE.exec(text) ?? [];
  return repository === undefined || commit === undefined || /^0+$/.test(commit)
    ? undefined
    : { repository, commit, version };
}

/** The files of `workflows-template` that a repository gets, as they were shipped. */
export async function readTemplate(folder: string): Promise<readonly TemplateFile[]> {
  const names = (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile())
    .map(entry =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
  const files = names.flatMap(name => {
    const kind = kindOf(name);
    return kind === undefined ? [] : [{ name, kind }];
  });
  return Promise.all(
    files.map(async ({ name, kind }) => ({
      path: kind === 'ruleset' ? name : `.github/${name}`,
      text: await readFile(join(folder, name), 'utf8'),
      kind,
    })),
  );
}

function kindOf(name: string): TemplateFile['kind'] | undefined {
  if (name.startsWith('workflows/')) return 'ours';
  if (name.startsWith('rulesets/')) return 'ruleset';
  return name.startsWith('optional/') ? undefined : 'start';
}

/** A template file for one repository: pinned to this version's actions, its maintainers' team below its owner. */
export function fillIn({ text }: TemplateFile, actions: ActionsReference, owner: string): string {
  const filled = text
    .replaceAll(
      PLACEHOLDER,
      (_, path: string) => `${actions.repository}${path}@${actions.commit} # v${actions.version}`,
    )
    .replaceAll(/@OWNER\/(?=[\w-]+\s*$)/gm, () => `@${owner}/`);
  if (/\bOWNER\/tuf-signer|@0{40}\b/.test(filled))
    throw new OperationError(
      'REFUSED',
      'the template of this package holds a reference that is not known: report it',
    );
  return filled;
}

/**
 * A ruleset of the template as the API takes it, with `app` as the App that may bypass it. Whoever else the template leaves open is
 * left out. `undefined`: the template has none of this name.
 */
export function rulesetBody(
  template: readonly TemplateFile[],
  name: string,
  app: number | undefined,
): (Readonly<Record<string, unknown>> & { readonly name: string }) | undefined {
  const file = template.find(({ path }) => path === `rulesets/${name}`);
  if (file === undefined) return undefined;
  const body = parseJson(Buffer.from(file.text));
  const given = isJsonObject(body) ? member(body, 'name') : undefined;
  if (!isJsonObject(body) || typeof given !== 'string') return undefined;
  const fields = Object.fromEntries(Object.entries(body));
  const actors = Array.isArray(fields['bypass_actors']) ? (fields['bypass_actors'] as readonly Actor[]) : [];
  const bypass_actors = actors.flatMap(actor => {
    if (actor.actor_id !== 0) return [actor];
    return actor.actor_type === 'Integration' && app !== undefined ? [{ ...actor, actor_id: app }] : [];
  });
  return { ...fields, name: given, bypass_actors };
}

interface Actor {
  readonly actor_id: number;
  readonly actor_type: string;
}

/** Is version `a` older than `b`? Both as in `1.2.3`. */
export function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map(text => text.split('.').map(part => Number.parseInt(part, 10) || 0));
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}
