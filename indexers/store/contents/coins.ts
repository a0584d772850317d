import { toBareHex } from '../../../proofs/bytes.js';
import type { SqlClient } from '../sql/client.js';
import type { NumberRange, PageKey, Slice, Snapshot } from '../view.js';
import { scriptKey } from './bitcoin.js';
import type { Blocks } from './blocks.js';
import { coinsByScript, hiddenNumbers, unspentCandidates } from './coinQueries.js';
import type { Shown } from './lost.js';
import { keyOf } from './paging.js';
import { type CoinRow, coinRow } from './rows.js';
import type { IndexedOutput } from './types.js';

/** Outputs that are looked at in one statement at most where only unspent ones are wanted. */
const MAX_LOOK = 4000;
/** Outputs that one page of unspent ones looks at at most; most that are looked at are unspent. */
const MAX_LOOKED_THROUGH = 100_000;

/** An output with all its spends, of every branch: its rows joined. */
interface Coin {
  readonly height: number;
  readonly position: number;
  readonly vout: number;
  /** Its own row, where the output has the script that was asked for. */
  own: CoinRow | undefined;
  readonly spends: Spend[];
}

interface Spend {
  readonly number: number;
  readonly vin: number;
  readonly txid: Uint8Array;
}

export interface CoinQuery {
  readonly script: Uint8Array;
  readonly unspent?: boolean;
}

/** Outputs of a script, with what spends each in the snapshot's view. All methods throw IndexQueryError. */
export class Coins {
  readonly #client: SqlClient;
  readonly #shown: Shown;
  readonly #blocks: Blocks;

  constructor(client: SqlClient, shown: Shown, blocks: Blocks) {
    this.#client = client;
    this.#shown = shown;
    this.#blocks = blocks;
  }

  /** One page. Only one that has looked through very many outputs is shorter than its limit. */
  async page(
    snapshot: Snapshot,
    query: CoinQuery,
    limit: number,
    after: PageKey | undefined,
  ): Promise<Slice<IndexedOutput>> {
    const lost = new Set(await this.#shown.lost(snapshot));
    const isSeen = ({ number }: Spend) => isIn(snapshot.contents, number) && !lost.has(number);
    const spent = ({ spends }: Coin) => spends.filter(isSeen).sort((a, b) => a.number - b.number)[0];
    const wanted = limit + 1;
    const found: Coin[] = [];
    let next = keyOf(after, 3);
    let looked = 0;
    // The first look is nearly always the only one.
    for (let look = wanted; ; look = Math.min(2 * look, MAX_LOOK)) {
      const { coins, isLast } = await this.#look(snapshot, query, look, next);
      found.push(
        ...coins.filter((coin) => coin.own !== undefined && !(query.unspent && spent(coin) !== undefined)),
      );
      looked += coins.length;
      next = coins.length === 0 ? next : placeOf(coins.at(-1));
      if (isLast) next = undefined;
      if (isLast || found.length >= wanted || looked >= MAX_LOOKED_THROUGH) break;
    }
    const page = found.slice(0, limit);
    const key = found.length > limit ? placeOf(page.at(-1)) : next;
    return {
      rows: await this.#finish(snapshot, query.script, page, spent),
      ...(key === undefined ? {} : { next: key }),
    };
  }

  /** The next outputs of the script, about `look` of them. */
  async #look(
    snapshot: Snapshot,
    { script, unspent = false }: CoinQuery,
    look: number,
    after: readonly number[] | undefined,
  ): Promise<{ readonly coins: readonly Coin[]; readonly isLast: boolean }> {
    const [height = 0, position = -1, vout = -1] = after ?? [];
    const { database, contents } = snapshot;
    const shown = await this.#shown.parameters(snapshot);
    const place = { key: scriptKey(script), script: toBareHex(script), height, position, vout };
    if (unspent) {
      const lost = await this.#shown.lost(snapshot);
      const hidden = hiddenNumbers(contents);
      const sql = unspentCandidates(database, hidden.sql, lost.length > 0);
      const bound = { ...shown, ...hidden.parameters, ...place, limit: look };
      const coins = joined(await this.#client.query('unspentByScript', sql, coinRow, bound));
      return { coins, isLast: coins.length === 0 };
    }
    // Until merges join them, an output has a row of its own and one for its spend.
    const limit = 2 * look;
    const sql = coinsByScript(database);
    const rows = await this.#client.query('coinsByScript', sql, coinRow, { ...shown, ...place, limit });
    const coins = joined(rows);
    const isLast = rows.length < limit;
    // The last one's rows may go on.
    return { coins: isLast || coins.length === 1 ? coins : coins.slice(0, -1), isLast };
  }

  async #finish(
    snapshot: Snapshot,
    script: Uint8Array,
    coins: readonly Coin[],
    spent: (coin: Coin) => Spend | undefined,
  ): Promise<IndexedOutput[]> {
    const rows = coins.flatMap((coin) => (coin.own ? [{ ...coin.own, by: spent(coin) }] : []));
    const numbers = rows.flatMap(({ number, by }) => (by === undefined ? [number] : [number, by.number]));
    const blocks = await this.#blocks.of(snapshot, numbers);
    return rows.flatMap(({ by, ...row }) => {
      const block = blocks.get(row.number);
      const spending = by && blocks.get(by.number);
      if (block === undefined) return [];
      return [
        {
          height: row.height,
          blockHash: block.hash_text,
          time: block.time,
          canonical: true,
          position: row.position,
          txid: row.hash_text,
          vout: row.vout,
          value: row.value_text,
          script,
          kind: row.kind,
          coinbase: row.coinbase,
          spentBy: by &&
            spending && {
              txid: by.txid,
              vin: by.vin,
              height: spending.height,
              blockHash: spending.hash_text,
            },
        },
      ];
    });
  }
}

/** Rows in order of place, joined by it: those of one output, in one block or written under two of its numbers. */
function joined(rows: readonly CoinRow[]): Coin[] {
  const coins: Coin[] = [];
  for (const row of rows) {
    let last = coins.at(-1);
    if (
      last === undefined ||
      last.height !== row.height ||
      last.position !== row.position ||
      last.vout !== row.vout
    ) {
      last = { height: row.height, position: row.position, vout: row.vout, own: undefined, spends: [] };
      coins.push(last);
    }
    if (row.fits && last.own === undefined && row.hash_text.some((byte) => byte !== 0)) last.own = row;
    for (const [i, number] of row.spend_numbers.entries())
      last.spends.push({
        number,
        vin: row.spend_vins[i] ?? 0,
        txid: row.spend_texts[i] ?? new Uint8Array(32),
      });
  }
  return coins;
}

function placeOf(coin: Coin | undefined): number[] | undefined {
  return coin && [coin.height, coin.position, coin.vout];
}

function isIn(ranges: readonly NumberRange[], number: number): boolean {
  return ranges.some(({ from, to }) => from <= number && number <= to);
}
