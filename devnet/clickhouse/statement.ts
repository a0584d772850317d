import { Exceptions, ServerException } from './exception.js';

/** A statement that carries rows after its text: `INSERT … FORMAT name` or `INSERT … VALUES`. */
export interface InsertStatement {
  readonly type: 'insert';
  /** Up to the settings or the format. */
  readonly target: string;
  /** The SETTINGS clause; empty if there is none. */
  readonly settings: string;
  readonly format: string;
  /** Where the rows begin, in bytes. */
  readonly dataAt: number;
}

export interface PlainStatement {
  readonly type: 'plain';
  /** Format that the statement itself names. */
  readonly format: string | undefined;
}

type Token = { readonly text: string; readonly at: number; readonly end: number; readonly word: boolean };

const WORD = /[A-Za-z0-9_$\u0080-\u00ff]/;
const OPENING = new Set(['(', '[', '{']);
const CLOSING = new Set([')', ']', '}']);

/** Tokens outside of all brackets, and those that open one. `text` is latin1, so that an index is a byte's. */
function* outerTokens(text: string): Generator<Token> {
  let depth = 0;
  for (let at = 0; at < text.length; ) {
    const end = endOfToken(text, at);
    const first = text[at] ?? '';
    if (depth === 0 && !isBlank(text, at))
      yield { text: text.slice(at, Math.min(end, at + 128)), at, end, word: WORD.test(first) };
    if (OPENING.has(first)) depth++;
    if (CLOSING.has(first)) depth = Math.max(0, depth - 1);
    at = end;
  }
}

function isBlank(text: string, at: number): boolean {
  const first = text[at] ?? '';
  return /\s/.test(first) || first === '#' || text.startsWith('--', at) || text.startsWith('/*', at);
}

function endOfToken(text: string, at: number): number {
  const first = text[at] ?? '';
  if (first === "'" || first === '"' || first === '`') return endOfString(text, at, first);
  if (text.startsWith('--', at) || first === '#') return orEnd(text, text.indexOf('\n', at));
  if (text.startsWith('/*', at)) {
    const end = text.indexOf('*/', at + 2);
    return end === -1 ? text.length : end + 2;
  }
  const heredoc = first === '$' ? /^\$\w*\$/.exec(text.slice(at, at + 64))?.[0] : undefined;
  if (heredoc !== undefined) {
    const end = text.indexOf(heredoc, at + heredoc.length);
    return end === -1 ? text.length : end + heredoc.length;
  }
  let end = at + 1;
  if (WORD.test(first)) while (end < text.length && WORD.test(text[end] ?? '')) end++;
  return end;
}

function endOfString(text: string, at: number, quote: string): number {
  for (let end = at + 1; end < text.length; end++) {
    if (text[end] === '\\') end++;
    else if (text[end] === quote) {
      if (text[end + 1] !== quote) return end + 1;
      end++;
    }
  }
  return text.length;
}

function orEnd(text: string, index: number): number {
  return index === -1 ? text.length : index;
}

/**
 * What a request's text is: a statement with rows behind it, or a plain one.
 * @param text statement and perhaps the first of its rows, as latin1
 * @throws ServerException for several statements in one, and for files of the server's machine
 */
export function parseStatement(text: string): InsertStatement | PlainStatement {
  const [first] = outerTokens(text);
  return (first?.text.toUpperCase() === 'INSERT' ? parseInsert(text) : undefined) ?? parsePlain(text);
}

function parseInsert(text: string): InsertStatement | undefined {
  let settingsAt: number | undefined;
  let before = '';
  let format: Token | undefined;
  for (const token of outerTokens(text)) {
    const word = token.text.toUpperCase();
    if (format !== undefined) {
      if (!token.word) return undefined;
      return insert(text, settingsAt ?? format.at, format.at, token.text, afterFormat(text, token.end));
    }
    // A table may have any name.
    if (!['INTO', 'TABLE', '.'].includes(before)) {
      if (word === 'SELECT' || word === 'WITH' || word === 'FROM' || word === 'WATCH') return undefined;
      if (word === 'SETTINGS') settingsAt ??= token.at;
      else if (word === 'FORMAT') format = token;
      else if (word === 'VALUES') return insert(text, settingsAt ?? token.at, token.at, 'Values', token.end);
    }
    before = word;
  }
  return undefined;
}

function insert(
  text: string,
  targetEnd: number,
  settingsEnd: number,
  format: string,
  dataAt: number,
): InsertStatement {
  if (!/^[A-Za-z]\w*$/.test(format))
    throw new ServerException(Exceptions.UNKNOWN_FORMAT, `Unknown format ${format}`);
  const utf8 = (from: number, to: number) => Buffer.from(text.slice(from, to), 'latin1').toString('utf8');
  const [target, settings] = [utf8(0, targetEnd).trim(), utf8(targetEnd, settingsEnd).trim()];
  return { type: 'insert', target, settings, format, dataAt };
}

/** Rows begin after the blanks of the format's line and its end. */
function afterFormat(text: string, end: number): number {
  const blanks = /^[ \t]*;?[ \t]*\r?\n?/.exec(text.slice(end, end + 256))?.[0] ?? '';
  return end + blanks.length;
}

function parsePlain(text: string): PlainStatement {
  let before = '';
  let ended = false;
  let format: string | undefined;
  for (const { text: token, word } of outerTokens(text)) {
    const upper = token.toUpperCase();
    if (token === ';') {
      ended = true;
      continue;
    }
    if (ended) throw new ServerException(Exceptions.SYNTAX_ERROR, 'Multi-statements are not allowed');
    if ((before === 'INTO' && upper === 'OUTFILE') || (before === 'FROM' && upper === 'INFILE'))
      throw new ServerException(Exceptions.INTO_OUTFILE_NOT_ALLOWED, `${before} ${upper} is not allowed`);
    if (before === 'FORMAT' && word) format = token;
    else if (format !== undefined && before === format.toUpperCase() && upper !== 'SETTINGS')
      format = undefined;
    before = upper;
  }
  if (before === '') throw new ServerException(Exceptions.SYNTAX_ERROR, 'Empty query');
  return { type: 'plain', format };
}
