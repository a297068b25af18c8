import { visible } from './visible.ts';

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#39;'],
]);

/** Untrusted text for HTML: as the content of an element, or as an attribute's value in quotes. Source: HTML, 13.3. */
export const escapeHtml = (text: string): string =>
  visible(text).replace(/[&<>"']/g, character => ENTITIES.get(character) ?? character);
