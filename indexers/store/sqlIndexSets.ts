import { CONTENTS_WRITTEN } from './contents/schema.js';
import type { ContentsTables } from './contentsTables.js';
import { copyTable } from './copyTable.js';
import type { IndexSets, SetWriter } from './indexStore.js';
import type { MachineStart } from './mend/machine.js';
import { SqlSetWriter } from './setWriter.js';
import type { SqlClient } from './sql/client.js';
import type { TableSet, TableSets } from './tableSets.js';
import type { NumberRange } from './view.js';

/** Sets of tables of a ClickHouse. */
export class SqlIndexSets implements IndexSets {
  readonly #client: SqlClient;
  readonly #contents: ContentsTables;
  readonly #tables: TableSets;
  /** Of the set that was written into last: it remembers how far that is. */
  #writer: SqlSetWriter | undefined;
  #made: { readonly writer: SetWriter; readonly set: TableSet } | undefined;

  /** @param machineStart of the machine that has the tables; by default as the server tells */
  constructor(
    client: SqlClient,
    contents: ContentsTables,
    tables: TableSets,
    private readonly machineStart?: MachineStart,
  ) {
    this.#client = client;
    this.#contents = contents;
    this.#tables = tables;
  }

  async current(): Promise<number> {
    return (await this.#tables.current(true)).set;
  }

  async writer(): Promise<SetWriter> {
    const set = await this.#tables.current(true);
    if (this.#writer?.set !== set.set) this.#writer = this.#writerOf(set);
    return this.#writer;
  }

  async newSet(): Promise<SetWriter> {
    const set = await this.#tables.make();
    const writer = this.#writerOf(set);
    this.#made = { writer, set };
    return writer;
  }

  async swap(writer: SetWriter): Promise<void> {
    const made = this.#made;
    if (made?.writer !== writer) throw new RangeError(`set ${writer.set} was not made here`);
    await this.#tables.swap(made.set);
  }

  async copyContents(to: SetWriter, chain: string, { from, to: last }: NumberRange): Promise<void> {
    const { database, set } = await this.#tables.current(true);
    if (set === to.set) return;
    const into = `${this.#tables.prefix}_${to.set}`;
    const where = {
      sql: 'chain = {chain:String} AND number >= {from:UInt64} AND number <= {last:UInt64}',
      parameters: { chain, from, last },
    };
    for (const table of CONTENTS_WRITTEN) await copyTable(this.#client, table, database, into, where);
    await this.#contents.joinCopied(into, chain, { from, to: last });
  }

  #writerOf(set: TableSet): SqlSetWriter {
    return new SqlSetWriter(this.#client, this.#contents, set, this.machineStart);
  }

  rebuildNeeded(): Promise<boolean> {
    return this.#tables.rebuildNeeded();
  }

  dropOld(): Promise<number> {
    return this.#tables.dropOld();
  }
}
