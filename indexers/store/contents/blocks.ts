import { toBareHex } from '../../../proofs/bytes.js';
import type { SqlClient } from '../sql/client.js';
import type { Snapshot } from '../view.js';
import type { Shown } from './lost.js';
import * as queries from './queries.js';
import type { BlockRow } from './rows.js';
import { blockRow, foundBlockRow, kindRow } from './rows.js';

/** What pages add to a row that knows its block by number. */
export interface BlockOfRow {
  readonly blockHash: Uint8Array;
  readonly time: number;
  readonly canonical: boolean;
}

export interface FoundBlock {
  readonly number: number;
  readonly height: number;
  readonly time: number;
  readonly kind: 'bitcoin' | 'ethereum';
  readonly canonical: boolean;
}

/** Blocks behind the numbers of contents. All methods throw IndexQueryError. */
export class Blocks {
  readonly #client: SqlClient;
  readonly #shown: Shown;
  /** A chain's kind never changes. */
  readonly #kinds = new Map<string, 'bitcoin' | 'ethereum'>();

  constructor(client: SqlClient, shown: Shown) {
    this.#client = client;
    this.#shown = shown;
  }

  /** `undefined` while no block of the chain is in. */
  async kind({ database, view: { chain } }: Snapshot): Promise<'bitcoin' | 'ethereum' | undefined> {
    const known = this.#kinds.get(chain);
    if (known !== undefined) return known;
    const [row] = await this.#client.query('kind', queries.chainKind(database), kindRow, { chain });
    if (row !== undefined) this.#kinds.set(chain, row.kind);
    return row?.kind;
  }

  async byHash(snapshot: Snapshot, hash: Uint8Array): Promise<FoundBlock | undefined> {
    const parameters = { ...(await this.#shown.parameters(snapshot)), hash: toBareHex(hash) };
    const sql = queries.blockByHash(snapshot.database);
    return (await this.#client.query('blockByHash', sql, foundBlockRow, parameters))[0];
  }

  /** Blocks by the numbers of their contents. */
  async of(
    { database, view: { chain } }: Snapshot,
    some: readonly number[],
  ): Promise<ReadonlyMap<number, BlockRow>> {
    const numbers = [...new Set(some)];
    if (numbers.length === 0) return new Map();
    const sql = queries.blocksByNumber(database);
    const blocks = await this.#client.query('blocksByNumber', sql, blockRow, { chain, numbers });
    return new Map(blocks.map((block) => [block.number, block]));
  }

  /** Rows with their blocks. @param found of one page; those without `canonical` are of the best chain */
  async place<Row extends { readonly number: number; readonly canonical?: boolean | undefined }>(
    snapshot: Snapshot,
    found: readonly Row[],
  ): Promise<(Row & BlockOfRow)[]> {
    const blocks = await this.of(
      snapshot,
      found.map(({ number }) => number),
    );
    return found.flatMap((row) => {
      const block = blocks.get(row.number);
      if (block === undefined) return [];
      return [{ ...row, blockHash: block.hash_text, time: block.time, canonical: row.canonical ?? true }];
    });
  }
}
