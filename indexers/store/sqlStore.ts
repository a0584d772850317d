import type { ChainEvent } from '../log/event.js';
import type { BlockContents } from './contents/blockContents.js';
import { SqlContents } from './contents/tables.js';
import type { LogQuery, Outpoint } from './contents/types.js';
import type { ContentsTables } from './contentsTables.js';
import { coverageOf } from './coverage.js';
import { HeaderQueries } from './headerQueries.js';
import type { HeaderQuery, IndexStore, SetWriter } from './indexStore.js';
import type { MachineStart } from './mend/machine.js';
import { checkSteps, RecordQueries } from './recordQueries.js';
import { Snapshots } from './snapshots.js';
import type { SqlClient } from './sql/client.js';
import { SqlIndexSets } from './sqlIndexSets.js';
import { TableSets, type TableSetsOptions } from './tableSets.js';
import type {
  ChainCounts,
  IndexedEvidence,
  LagSample,
  MainBlockContents,
  ServedProof,
  SourceSample,
} from './types.js';
import type {
  Answer,
  ListQuery,
  NumberRange,
  Page,
  PageQuery,
  SampleQuery,
  Snapshot,
  StepQuery,
  View,
} from './view.js';

export interface SqlIndexStoreOptions extends TableSetsOptions {
  /** When the machine that has the tables started. By default as the server tells. */
  readonly machineStart?: MachineStart;
  /** Only reads: makes and changes no table, and waits for whoever fills the index to make them. Default false. */
  readonly readOnly?: boolean;
}

/** The index over any client that speaks ClickHouse: chDB in process, or a server. */
export class SqlIndexStore implements IndexStore {
  readonly sets: SqlIndexSets;
  readonly #client: SqlClient;
  readonly #snapshots: Snapshots;
  readonly #headers: HeaderQueries;
  readonly #records: RecordQueries;
  readonly #contents: ContentsTables;
  /** Of each chain in the view that was counted last: what does not change until the next event. */
  readonly #counted = new Map<
    string,
    { readonly key: string; readonly counts: Awaited<ReturnType<HeaderQueries['counts']>> }
  >();

  private constructor(client: SqlClient, tables: TableSets, machineStart: MachineStart | undefined) {
    this.#client = client;
    this.#contents = new SqlContents(client);
    this.#snapshots = new Snapshots(client, tables);
    this.#headers = new HeaderQueries(client);
    this.#records = new RecordQueries(client);
    this.sets = new SqlIndexSets(client, this.#contents, tables, machineStart);
  }

  /** Brings the schema up to date first. @throws IndexQueryError, IndexUnavailableError */
  static async open(client: SqlClient, options: SqlIndexStoreOptions = {}): Promise<SqlIndexStore> {
    const { readOnly = false, machineStart, ...rest } = options;
    const tables = new TableSets(client, rest);
    if (!readOnly) await tables.migrate();
    return new SqlIndexStore(client, tables, machineStart);
  }

  async writeEvents(chain: string, events: readonly ChainEvent[]): Promise<void> {
    await (await this.#writer()).writeEvents(chain, events);
  }
  async lastNumber(chain: string): Promise<number> {
    return (await this.#writer()).lastNumber(chain);
  }
  async writeContents(chain: string, blocks: readonly BlockContents[]): Promise<void> {
    await (await this.#writer()).writeContents(chain, blocks);
  }
  async publishContents(chain: string, events: NumberRange): Promise<void> {
    await (await this.#writer()).publishContents(chain, events);
  }
  async contentsProgress(chain: string): Promise<readonly NumberRange[]> {
    return (await this.#writer()).contentsProgress(chain);
  }
  async writeMainBlocks(blocks: readonly MainBlockContents[]): Promise<void> {
    await (await this.#writer()).writeMainBlocks(blocks);
  }
  async mainRoot(height?: number): ReturnType<SetWriter['mainRoot']> {
    return (await this.#writer()).mainRoot(height);
  }
  async certifiedHeader(): Promise<Uint8Array | undefined> {
    return (await this.#writer()).certifiedHeader();
  }
  async writeEvidence(rows: readonly IndexedEvidence[], position: number): Promise<void> {
    await (await this.#writer()).writeEvidence(rows, position);
  }
  async writeSourceSamples(rows: readonly SourceSample[]): Promise<void> {
    await (await this.#writer()).writeSourceSamples(rows);
  }
  async writeLagSamples(rows: readonly LagSample[]): Promise<void> {
    await (await this.#writer()).writeLagSamples(rows);
  }
  async writeProofs(rows: readonly ServedProof[]): Promise<void> {
    await (await this.#writer()).writeProofs(rows);
  }
  async position(stream: string): Promise<number> {
    return (await this.#writer()).position(stream);
  }
  async writePosition(stream: string, next: number): Promise<void> {
    await (await this.#writer()).writePosition(stream, next);
  }

  view(chain: string, at?: number): Promise<View> {
    return this.#snapshots.read(chain, 'headers', at, async ({ view }) => view);
  }
  headers(chain: string, query: HeaderQuery & PageQuery) {
    return this.#snapshots.page(chain, 'headers', 'headers', query, (snapshot, after) =>
      this.#headers.headers(snapshot, query, query.limit, after),
    );
  }
  header(chain: string, hash: Uint8Array, at?: number) {
    return this.#snapshots.read(
      chain,
      'headers',
      at,
      async (snapshot): Promise<Answer<Awaited<ReturnType<HeaderQueries['header']>> & object>> => ({
        view: snapshot.view,
        row: await this.#headers.header(snapshot, hash),
      }),
    );
  }
  latest(chain: string, query: PageQuery) {
    return this.#snapshots.page(chain, 'headers', 'latest', query, (snapshot, after) =>
      this.#headers.latest(snapshot, query.limit, after),
    );
  }
  reorganisations(chain: string, query: PageQuery) {
    return this.#snapshots.page(chain, 'headers', 'reorganisations', query, (snapshot, after) =>
      this.#headers.reorganisations(snapshot, query.limit, after),
    );
  }

  transaction(chain: string, hash: Uint8Array, at?: number) {
    return this.#whole(chain, at, (snapshot) => this.#contents.transaction(snapshot, hash));
  }
  blockTransactions(chain: string, blockHash: Uint8Array, query: PageQuery) {
    return this.#snapshots.page(chain, 'contents', 'block', query, (snapshot, after) =>
      this.#contents.blockTransactions(snapshot, blockHash, query.limit, after),
    );
  }
  outputsByScript(
    chain: string,
    query: { readonly script: Uint8Array; readonly unspent?: boolean } & PageQuery,
  ) {
    return this.#snapshots.page(chain, 'contents', 'outputs', query, (snapshot, after) =>
      this.#contents.outputsByScript(snapshot, query, query.limit, after),
    );
  }
  spenders(chain: string, outpoint: Outpoint, at?: number) {
    return this.#whole(chain, at, (snapshot) => this.#contents.spenders(snapshot, outpoint));
  }
  transactionsByAddress(chain: string, query: { readonly address: Uint8Array } & PageQuery) {
    return this.#snapshots.page(chain, 'contents', 'address', query, (snapshot, after) =>
      this.#contents.transactionsByAddress(snapshot, query.address, query.limit, after),
    );
  }
  receipt(chain: string, transactionHash: Uint8Array, at?: number) {
    return this.#whole(chain, at, (snapshot) => this.#contents.receipt(snapshot, transactionHash));
  }
  logs(chain: string, query: LogQuery & PageQuery) {
    return this.#snapshots.page(chain, 'contents', 'logs', query, (snapshot, after) =>
      this.#contents.logs(snapshot, query, query.limit, after),
    );
  }
  async statistics(chain: string, query: StepQuery & { readonly at?: number }) {
    checkSteps(query);
    return this.#whole(chain, query.at, (snapshot) => this.#contents.statistics(snapshot, query));
  }
  coverage(chain: string, at?: number) {
    return this.#snapshots.read(chain, 'headers', at, (snapshot) =>
      coverageOf({ client: this.#client, snapshots: this.#snapshots, headers: this.#headers }, snapshot),
    );
  }

  mainView(at?: number) {
    return this.#snapshots.inSet((database) => this.#records.mainView(database, at));
  }
  mainBlocks(query: ListQuery) {
    return this.#snapshots.inSet((database) => this.#records.mainBlocks(database, query));
  }
  commitments(chain: string, query: ListQuery) {
    return this.#snapshots.inSet((database) => this.#records.commitments(database, chain, query));
  }
  certificates(query: ListQuery) {
    return this.#snapshots.inSet((database) => this.#records.certificates(database, query));
  }
  evidence(chain: string, query: ListQuery) {
    return this.#snapshots.inSet((database) => this.#records.evidence(database, chain, query));
  }
  proofsServed(query: ListQuery & { readonly chain?: string }) {
    return this.#snapshots.inSet((database) => this.#records.proofsServed(database, query));
  }
  sourceSeries(chain: string, query: SampleQuery) {
    return this.#snapshots.inSet((database) => this.#records.sourceSeries(database, chain, query));
  }
  lagSeries(chain: string, query: SampleQuery) {
    return this.#snapshots.inSet((database) => this.#records.lagSeries(database, chain, query));
  }

  async counts(): Promise<readonly ChainCounts[]> {
    const counts: ChainCounts[] = [];
    const chains = await this.#snapshots.inSet((database) => this.#records.chains(database));
    for (const [chain, commitments] of [...chains].sort())
      counts.push(await this.#counts(chain, commitments));
    return counts;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  #counts(chain: string, commitments: number): Promise<ChainCounts> {
    return this.#snapshots.read(chain, 'headers', undefined, async (snapshot) => {
      const { database, view } = snapshot;
      const key = `${database} ${view.number}`;
      let known = this.#counted.get(chain);
      if (known?.key !== key) {
        known = { key, counts: await this.#headers.counts(snapshot) };
        this.#counted.set(chain, known);
      }
      return { chain, commitments, ...known.counts, number: view.number };
    });
  }

  /** All rows on one page. */
  #whole<T>(
    chain: string,
    at: number | undefined,
    ask: (snapshot: Snapshot) => Promise<readonly T[]>,
  ): Promise<Page<T>> {
    return this.#snapshots.read(chain, 'contents', at, async (snapshot) => ({
      view: snapshot.view,
      rows: await ask(snapshot),
    }));
  }

  /** Of the set in use at this moment: each write asks. */
  #writer(): Promise<SetWriter> {
    return this.sets.writer();
  }
}
