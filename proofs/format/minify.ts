import { ProofError } from '../errors/proof.js';

/**
 * JSON text without the white space between its tokens. Nothing else is changed, so that two texts with the same
 * result differ in layout only.
 * @throws ProofError `malformed` for a string that does not end
 */
export function minify(text: string): string {
  let out = '';
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    out += text.slice(at, quote === -1 ? text.length : quote).replace(/[ \t\r\n]+/g, '');
    if (quote === -1) break;
    let end = quote + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
    if (end >= text.length) throw new ProofError('malformed', 'a JSON string does not end');
    out += text.slice(quote, end + 1);
    at = end + 1;
  }
  return out;
}
