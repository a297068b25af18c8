// Cuts the operations that the local GitHub (test/support/forge) serves out of GitHub's OpenAPI description.
//
//   npm pack @octokit/openapi@VERSION            (in a scratch folder: it is 385 MB unpacked)
//   tar xzf octokit-openapi-VERSION.tgz package/generated/api.github.com.json package/package.json
//   node test/vectors/github-openapi.mjs SCRATCH/package > test/vectors/github-openapi.json
//
// References are kept, and what they reach, closed under it; words, examples and what ajv has no use for are dropped.
// OpenAPI's `nullable` becomes JSON Schema's type `null`.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = process.argv[2];
const read = name => JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
const description = read('generated/api.github.com.json');
// Ids as the sources name them: this script runs on Nodes that cannot load TypeScript.
const rest = fileURLToPath(new URL('../support/forge/rest/', import.meta.url));
const sources = readdirSync(rest).map(file => readFileSync(path.join(rest, file), 'utf8'));
const ids = /'((?:actions|git|issues|pulls|repos|users)\/[a-z-]+)'/g;
const served = new Set(sources.flatMap(text => [...text.matchAll(ids)].map(match => match[1])));

const DROPPED = new Set(['description', 'title', 'example', 'examples', 'externalDocs', 'default', 'deprecated', 'discriminator', 'readOnly']);
const schemas = new Map();

/** A schema as JSON Schema; what it refers to is taken along. `names`: its keys are properties, not keywords. */
function convert(value, names = false) {
  if (Array.isArray(value)) return value.map(item => convert(item));
  if (typeof value !== 'object' || value === null) return value;
  if (typeof value.$ref === 'string' && !names) {
    const name = value.$ref.split('/').at(-1);
    if (!schemas.has(name)) {
      schemas.set(name, undefined);
      schemas.set(name, convert(description.components.schemas[name]));
    }
    return { $ref: `#/schemas/${name}` };
  }
  const entries = Object.entries(value)
    .filter(([key]) => names || (!DROPPED.has(key) && !key.startsWith('x-') && key !== 'nullable'))
    .map(([key, item]) => [key, key === 'enum' ? item : convert(item, !names && key === 'properties')]);
  const made = Object.fromEntries(entries);
  return !names && value.nullable === true ? { anyOf: [{ type: 'null' }, made] } : made;
}

const content = answer => {
  const whole = answer.$ref === undefined ? answer : description.components.responses[answer.$ref.split('/').at(-1)];
  const schema = whole.content?.['application/json']?.schema;
  return schema === undefined ? null : convert(schema);
};

const operations = {};
for (const [at, methods] of Object.entries(description.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    if (!served.has(operation.operationId)) continue;
    const body = operation.requestBody?.content?.['application/json']?.schema;
    operations[operation.operationId] = {
      method: method.toUpperCase(),
      path: at,
      ...(body === undefined ? {} : { request: convert(body) }),
      responses: Object.fromEntries(Object.entries(operation.responses).map(([status, answer]) => [status, content(answer)])),
    };
  }
}
const missing = [...served].filter(id => operations[id] === undefined);
if (missing.length > 0) throw new Error(`GitHub does not have ${missing.join(', ')}`);

const { name, version } = read('package.json');
const sorted = Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
process.stdout.write(`${JSON.stringify({ source: `${name} ${version}`, license: 'MIT', operations, schemas: sorted })}\n`);
process.stderr.write(`${Object.keys(operations).length} operations, ${schemas.size} schemas\n`);
