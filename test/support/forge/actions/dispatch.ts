import type { Json } from '../rest/render.ts';
import { asFields, asText } from './fields.ts';

/** GitHub takes at most so many inputs. Source: "workflow_dispatch". */
const MAX_INPUTS = 25;

/** The inputs of a dispatch as their declarations type them; a text that says what is wrong where they do not fit. */
export function readInputs(trigger: unknown, given: Json): Json | string {
  const declared = asFields(asFields(trigger, 'workflow_dispatch').get('inputs'), 'inputs');
  const names = Object.keys(given);
  const unknown = names.filter(name => !declared.has(name));
  if (unknown.length > 0) return `Unexpected inputs provided: ${JSON.stringify(unknown)}`;
  if (names.length > MAX_INPUTS) return `you may only define up to ${MAX_INPUTS} inputs`;
  const inputs: [string, unknown][] = [];
  for (const [name, value] of declared) {
    const fields = asFields(value, `inputs.${name}`);
    const type = asText(fields.get('type'), 'type') ?? 'string';
    const text = asText(given[name], name) ?? asText(fields.get('default'), 'default');
    if (text === undefined && fields.get('required') === true) return `Required input '${name}' not provided`;
    const options = fields.get('options');
    if (type === 'choice' && Array.isArray(options) && text !== undefined && !options.includes(text))
      return `Provided value '${text}' for input '${name}' not in the list of allowed values`;
    inputs.push([name, type === 'boolean' ? text === 'true' : (text ?? '')]);
  }
  return Object.fromEntries(inputs);
}
