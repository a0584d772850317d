/** Asks a ClickHouse over HTTP, apart from any code of ours that could be wrong. @throws Error with the server's words */
export async function ask<Row>(url: string, sql: string): Promise<Row[]> {
  const response = await fetch(
    `${url}/?default_format=JSONEachRow&output_format_json_quote_64bit_integers=0`,
    {
      method: 'POST',
      body: sql,
      signal: AbortSignal.timeout(120_000),
    },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(text.slice(0, 1000));
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
}

/** Database of the index in use whose names begin with `prefix`: the one whose stable views people read. */
export async function currentSet(url: string, prefix: string): Promise<string> {
  const [view] = await ask<{ create_table_query: string }>(
    url,
    `SELECT create_table_query FROM system.tables WHERE database = '${prefix}' AND name = 'header_events'`,
  );
  const set = new RegExp(`FROM \`?(${prefix}_\\d+)\`?\\.`).exec(view?.create_table_query ?? '')?.[1];
  if (set === undefined) throw new Error(`no set of tables is in use under ${prefix}`);
  return set;
}

/** Tables that say when something was written, or what no log brings back, or where branches that lost left traces. */
const APART = [
  'source_samples',
  'lag_samples',
  'proofs_served',
  'positions',
  'contents_progress',
  'contents_writes',
  'transactions_by_hash',
];
/** Tables of what events say; the others that have an event's number are of blocks' contents. */
const OF_EVENTS = ['header_events', 'undone', 'finality', 'progress'];

export interface Difference {
  readonly table: string;
  readonly rows: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Some rows that only one has. */
  readonly examples: readonly unknown[];
}

/**
 * Compares two sets of tables row by row, every column but the time of writing. Of blocks' contents those of the best chain:
 * a node cannot be asked for what it has given up.
 */
export async function compareSets(url: string, first: string, second: string): Promise<Difference[]> {
  const tables = await ask<{ name: string; engine: string }>(
    url,
    `SELECT name, engine FROM system.tables WHERE database = '${second}' AND engine LIKE '%MergeTree%' ORDER BY name`,
  );
  const differences: Difference[] = [];
  for (const { name } of tables.filter((table) => !APART.includes(table.name))) {
    const columns = await ask<{ name: string; type: string }>(
      url,
      `SELECT name, type FROM system.columns WHERE database = '${second}' AND table = '${name}' AND name NOT IN ('at', 'spent') ORDER BY position`,
    );
    const isContents = !OF_EVENTS.includes(name) && columns.some((column) => column.name === 'number');
    const rows = (set: string) =>
      `SELECT ${columns.map((column) => (column.name === 'spends' ? bestSpends(set) : column.name)).join(', ')} FROM ${set}.${name} FINAL` +
      (isContents ? ` WHERE (chain, number) IN (${bestBlocks(set)})` : '');
    const readable = columns
      .map((column) =>
        /String/.test(column.type) ? `hex(toString(${column.name})) AS ${column.name}_` : column.name,
      )
      .join(', ');
    const only = (a: string, b: string) => `${rows(a)} EXCEPT ALL ${rows(b)}`;
    const count = async (sql: string) =>
      (await ask<{ n: number }>(url, `SELECT count() AS n FROM (${sql})`))[0]!.n;
    const onlyFirst = await count(only(first, second));
    const onlySecond = await count(only(second, first));
    const examples: unknown[] = [];
    if (onlyFirst > 0)
      examples.push(...(await ask(url, `SELECT ${readable} FROM (${only(first, second)}) LIMIT 2`)));
    if (onlySecond > 0)
      examples.push(...(await ask(url, `SELECT ${readable} FROM (${only(second, first)}) LIMIT 2`)));
    differences.push({ table: name, rows: await count(rows(second)), onlyFirst, onlySecond, examples });
  }
  return differences;
}

/** Blocks of the best chain by the numbers of their contents: at each height the last event is a connect of it. */
function bestBlocks(set: string): string {
  return `SELECT chain, number FROM ${set}.blocks FINAL WHERE (chain, block_hash) IN (
    SELECT chain, argMax(hash, number) FROM ${set}.header_events WHERE type != 'finalize'
    GROUP BY chain, height HAVING argMax(type, number) = 'connect')`;
}

/** Of an output's spends, in every branch and in no order, those of the best chain. */
function bestSpends(set: string): string {
  return `arraySort(arrayFilter(one -> has((SELECT groupArray((toString(chain), number)) FROM (${bestBlocks(set)})),
    (toString(chain), one.1)), spends)) AS spends`;
}

/** Transactions of the best chain that cannot be found by their hash. */
export async function notFoundByHash(url: string, set: string): Promise<number> {
  const missing = (table: string, hash: string) =>
    `SELECT chain, height, position, reinterpretAsUInt64(substring(${hash}, 1, 8)) AS key FROM ${set}.${table}
     WHERE (chain, key, height, position) NOT IN (SELECT chain, key, height, position FROM ${set}.transactions_by_hash)`;
  const [row] = await ask<{ n: number }>(
    url,
    `SELECT count() AS n FROM (${missing('bitcoin_transactions', 'txid')} UNION ALL ${missing('ethereum_transactions', 'hash')})`,
  );
  return row!.n;
}
