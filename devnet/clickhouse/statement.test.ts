import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ServerException } from './exception.js';
import { escapeLiteral } from './literal.js';
import { parseStatement } from './statement.js';

/** Its parts, with the rows themselves instead of their place. */
function inserted(text: string) {
  const statement = parseStatement(text);
  if (statement.type !== 'insert') return statement;
  const { type, dataAt, ...rest } = statement;
  return { ...rest, data: text.slice(dataAt) };
}

describe('statements with rows behind them', () => {
  test.each([
    ['INSERT INTO t FORMAT CSV\n1,2', 'INSERT INTO t', '', 'CSV', '1,2'],
    [
      'insert into d.t (a, b) format RowBinary\n\x00\xff\n',
      'insert into d.t (a, b)',
      '',
      'RowBinary',
      '\x00\xff\n',
    ],
    ['INSERT INTO t VALUES (1)', 'INSERT INTO t', '', 'Values', ' (1)'],
    ['INSERT INTO t SETTINGS a = 1 FORMAT TSV\r\nx', 'INSERT INTO t', 'SETTINGS a = 1', 'TSV', 'x'],
    ['INSERT INTO t (`format`, "values") FORMAT CSV 1', 'INSERT INTO t (`format`, "values")', '', 'CSV', '1'],
    [
      "INSERT INTO TABLE FUNCTION f('FORMAT x') FORMAT CSV\n",
      "INSERT INTO TABLE FUNCTION f('FORMAT x')",
      '',
      'CSV',
      '',
    ],
    ['/* FORMAT a */ INSERT INTO format FORMAT CSV\n1', '/* FORMAT a */ INSERT INTO format', '', 'CSV', '1'],
    [
      '-- c\nINSERT INTO {t:Identifier} FORMAT JSONEachRow\n{"a":1};',
      '-- c\nINSERT INTO {t:Identifier}',
      '',
      'JSONEachRow',
      '{"a":1};',
    ],
    ['INSERT INTO t FORMAT CSV\n\n1', 'INSERT INTO t', '', 'CSV', '\n1'],
  ])('%j', (text, target, settings, format, data) => {
    expect(inserted(text)).toEqual({ target, settings, format, data });
  });

  test('names are UTF-8, places are bytes', () => {
    const text = Buffer.from('INSERT INTO `té` FORMAT CSV\né').toString('latin1');
    expect(inserted(text)).toEqual({ target: 'INSERT INTO `té`', settings: '', format: 'CSV', data: 'Ã©' });
  });
});

describe('plain statements', () => {
  test.each([
    ['SELECT 1', undefined],
    ['SELECT 1 FORMAT JSON', 'JSON'],
    ['SELECT 1 FORMAT JSON SETTINGS max_threads = 1', 'JSON'],
    ['SELECT 1 FORMAT CSV ; -- the end', 'CSV'],
    ['SELECT format FROM t', undefined],
    ["SELECT 'FORMAT CSV', (SELECT 1 FORMAT x)", undefined],
    ['INSERT INTO t SELECT 1, 2', undefined],
    ['INSERT INTO t WITH 1 AS a SELECT a', undefined],
    ["SELECT ';', $$;$$, `;`, /* ; */ 1 # ;", undefined],
    ["SELECT 'it''s; \\'; fine'", undefined],
  ])('%j', (text, format) => {
    expect(parseStatement(text)).toEqual({ type: 'plain', format });
  });

  test.each([
    ['SELECT 1; SELECT 2', /Multi-statements/],
    ['SELECT 1; DROP TABLE t', /Multi-statements/],
    ["SELECT 1 INTO OUTFILE '/tmp/x'", /OUTFILE is not allowed/],
    ["INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV", /INFILE is not allowed/],
    ['', /Empty query/],
    ['  -- nothing', /Empty query/],
  ])('%j is refused', (text, problem) => {
    expect(() => parseStatement(text)).toThrow(problem);
  });
});

const fragments = fc.constantFrom(
  ...['INSERT', 'INTO', 'FORMAT', 'VALUES', 'SETTINGS', 'SELECT', 'CSV', 't', '(', ')', '{', "'", '"', '`'],
  ...['\\', '$$', '--', '#', '/*', '*/', ';', '\n', ' ', '\0', '\xff', '1', ','],
);

test('any text is a statement or refused, and rows are never before its beginning', () => {
  fc.assert(
    fc.property(fc.array(fragments, { maxLength: 40 }), (parts) => {
      const text = parts.join(' ');
      try {
        const statement = parseStatement(text);
        if (statement.type === 'insert') {
          expect(statement.dataAt).toBeGreaterThan(statement.target.length);
          expect(statement.dataAt).toBeLessThanOrEqual(text.length);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(ServerException);
      }
    }),
    { numRuns: 3000 },
  );
});

test('no value ends the literal that it is in', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 50 }), (value) => {
      const literal = escapeLiteral(value);
      const latin1 = Buffer.from(`SELECT ${literal} ; `, 'utf8').toString('latin1');
      // Nothing of it is outside: else there would be several statements or none.
      expect(parseStatement(latin1)).toEqual({ type: 'plain', format: undefined });
      expect(parseStatement(`INSERT INTO t FORMAT ${'X'}\n`)).toMatchObject({ type: 'insert' });
    }),
  );
});
