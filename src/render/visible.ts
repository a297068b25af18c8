// C0, C1, DEL; marks that are not seen or turn the direction of text; line and paragraph separators; halves of surrogate
// pairs; private use, which a terminal's font may draw as anything.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Untrusted text with everything that can not be seen written out as `\u{202e}`: it can neither steer a terminal, nor break
 * a line, nor show in another order than it has. Source: Unicode TR 36 section 2, CVE-2021-42574.
 */
export const visible = (text: string): string =>
  text.replace(HIDDEN, character => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
