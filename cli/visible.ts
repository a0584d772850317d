/** Control and format characters (Unicode `Cc`, `Cf`), line and paragraph separators, halves of surrogate pairs. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text that others wrote, as a line on a terminal: what would move the cursor, end the line or turn text about is written as
 * its number, such as `\u{1b}`, so that a bad file or server cannot write over what a command says of it.
 */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (one) => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same for JSON, which stays the same JSON. @param json as `JSON.stringify` writes it, indented or not */
export function visibleJson(json: string): string {
  return json.replace(INVISIBLE, (one) => (one === '\n' ? one : one.split('').map(escapeUnit).join('')));
}

/** @param unit one of UTF-16 */
function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
