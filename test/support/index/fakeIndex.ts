import type {
  IndexedLog,
  IndexedOutput,
  IndexedReceipt,
  IndexedSpend,
  IndexedStatistics,
  IndexedTransaction,
  LogQuery,
  Outpoint,
} from '../../../indexers/store/contents/types.js';
import {
  checkLimit,
  decodeCursor,
  decodeListCursor,
  encodeCursor,
  encodeListCursor,
} from '../../../indexers/store/cursor.js';
import { UnknownRecordsError, UnknownViewError } from '../../../indexers/store/errors.js';
import type {
  ChainCounts,
  Coverage,
  HeaderQuery,
  HeightRange,
  IndexedCertificate,
  IndexedCommitment,
  IndexedEvidence,
  IndexedHeader,
  IndexedMainBlock,
  IndexReader,
  LagStep,
  ServedProof,
  SourceStep,
} from '../../../indexers/store/indexStore.js';
import type {
  Answer,
  Listing,
  ListQuery,
  MainView,
  Page,
  PageQuery,
  SampleQuery,
  Series,
  StepQuery,
  StreamView,
  TimeView,
  View,
} from '../../../indexers/store/view.js';
import { bytesEqual, toBareHex, ZERO32 } from '../../../proofs/bytes.js';

export interface FakeEvent {
  readonly type: 'connect' | 'disconnect';
  readonly header: Omit<IndexedHeader, 'canonical' | 'number'>;
}

/** One chain of the fake index: what a test puts in. Whether rows are canonical is worked out for each view. */
export class FakeIndexed {
  readonly events: FakeEvent[] = [];
  readonly transactions: IndexedTransaction[] = [];
  readonly outputs: Omit<IndexedOutput, 'spentBy'>[] = [];
  readonly spends: IndexedSpend[] = [];
  readonly receipts: IndexedReceipt[] = [];
  readonly logs: IndexedLog[] = [];
  readonly commitments: IndexedCommitment[] = [];
  readonly evidence: IndexedEvidence[] = [];
  readonly sources: SourceStep[] = [];
  readonly lags: LagStep[] = [];
  readonly statistics: IndexedStatistics[] = [];
  contents: HeightRange[] | undefined;
  /** The newest event whose block's contents are in, where that is not the newest of all. */
  contentsTo: number | undefined;
}

/** An index in memory, as slow and plain as can be: what the API is tested on. */
export class FakeIndex implements IndexReader {
  readonly chains = new Map<string, FakeIndexed>();
  readonly main: IndexedMainBlock[] = [];
  readonly certified: IndexedCertificate[] = [];
  readonly proofs: ServedProof[] = [];
  /** Thrown by every question while it is set. */
  fault: Error | undefined;
  /** Awaited by every question. */
  pause: Promise<void> | undefined;
  questions = 0;

  async #of(chain: string): Promise<FakeIndexed> {
    this.questions++;
    await this.pause;
    if (this.fault !== undefined) throw this.fault;
    return this.chains.get(chain) ?? new FakeIndexed();
  }

  async view(chain: string, at?: number): Promise<View> {
    return viewOf(chain, await this.#of(chain), at);
  }

  async headers(chain: string, query: HeaderQuery & PageQuery): Promise<Page<IndexedHeader>> {
    const { from, to = Number.MAX_SAFE_INTEGER, branches = false } = query;
    return this.#page('headers', chain, query, (state, at) =>
      headersAt(state, at).filter(
        (row) => row.height >= from && row.height <= to && (branches || row.canonical),
      ),
    );
  }

  async header(chain: string, hash: Uint8Array, at?: number): Promise<Answer<IndexedHeader>> {
    const state = await this.#of(chain);
    const view = viewOf(chain, state, at);
    return { view, row: headersAt(state, view.number).find((row) => bytesEqual(row.hash, hash)) };
  }

  latest(chain: string, query: PageQuery) {
    return this.#page('latest', chain, query, (state, at) =>
      headersAt(state, at)
        .filter((row) => row.canonical)
        .reverse(),
    );
  }

  reorganisations(chain: string, query: PageQuery) {
    return this.#page('reorganisations', chain, query, (state, at) => {
      // Disconnects one after another are one reorganisation.
      const runs: { number: number; headers: FakeEvent['header'][] }[] = [];
      for (const [i, { type, header }] of state.events.slice(0, at).entries()) {
        if (type !== 'disconnect') continue;
        const last = runs.at(-1);
        if (last !== undefined && last.number + last.headers.length === i + 1) last.headers.push(header);
        else runs.push({ number: i + 1, headers: [header] });
      }
      return runs
        .map(({ number, headers }) => ({
          number,
          forkHeight: (headers.at(-1)?.height ?? 0) - 1,
          depth: headers.length,
          oldTipHeight: headers[0]?.height ?? 0,
          oldTipHash: headers[0]?.hash ?? ZERO32,
        }))
        .reverse();
    });
  }

  transaction(chain: string, hash: Uint8Array, at?: number): Promise<Page<IndexedTransaction>> {
    return this.#page('transaction', chain, all(at), (state, n) =>
      seen(state, state.transactions, n).filter((row) => bytesEqual(row.hash, hash)),
    );
  }

  async blockTransactions(chain: string, blockHash: Uint8Array, query: PageQuery) {
    const { contentsTo = Number.MAX_SAFE_INTEGER } = await this.#of(chain);
    if (query.at !== undefined && query.at > contentsTo)
      throw new UnknownViewError(chain, query.at, contentsTo);
    return this.#page(`block ${toBareHex(blockHash).slice(0, 8)}`, chain, query, (state, n) =>
      seen(state, state.transactions, n).filter((row) => bytesEqual(row.blockHash, blockHash)),
    );
  }

  outputsByScript(
    chain: string,
    query: { readonly script: Uint8Array; readonly unspent?: boolean } & PageQuery,
  ): Promise<Page<IndexedOutput>> {
    return this.#page('outputs', chain, query, (state, n) =>
      seen(state, state.outputs, n)
        .filter((row) => row.canonical && bytesEqual(row.script, query.script))
        .map((row) => ({ ...row, spentBy: spenderOf(state, row, n) }))
        .filter((row) => query.unspent !== true || row.spentBy === undefined),
    );
  }

  spenders(chain: string, outpoint: Outpoint, at?: number): Promise<Page<IndexedSpend>> {
    return this.#page('spenders', chain, all(at), (state, n) =>
      seen(state, state.spends, n).filter((row) => same(row.outpoint, outpoint)),
    );
  }

  transactionsByAddress(chain: string, query: { readonly address: Uint8Array } & PageQuery) {
    return this.#page('address', chain, query, (state, n) =>
      seen(state, state.transactions, n).filter(
        (row) =>
          row.canonical &&
          row.kind === 'ethereum' &&
          [row.from, row.to, row.created].some((one) => one !== undefined && bytesEqual(one, query.address)),
      ),
    );
  }

  receipt(chain: string, hash: Uint8Array, at?: number): Promise<Page<IndexedReceipt>> {
    return this.#page('receipt', chain, all(at), (state, n) =>
      seen(state, state.receipts, n).filter((row) => bytesEqual(row.transactionHash, hash)),
    );
  }

  logs(chain: string, query: LogQuery & PageQuery): Promise<Page<IndexedLog>> {
    return this.#page('logs', chain, query, (state, n) =>
      seen(state, state.logs, n).filter((row) => row.canonical && fits(row, query)),
    );
  }

  async statistics(chain: string, query: StepQuery & { readonly at?: number }) {
    const state = await this.#of(chain);
    return { view: viewOf(chain, state, query.at), rows: state.statistics };
  }

  async coverage(chain: string, at?: number): Promise<Coverage> {
    const state = await this.#of(chain);
    const view = viewOf(chain, state, at);
    const start = state.events[0]?.header.height;
    const whole = start === undefined ? [] : [{ from: start, to: view.height }];
    return { view, start, contents: state.contents ?? whole };
  }

  async mainView(at?: number): Promise<MainView | undefined> {
    await this.#of('');
    const newest = this.main.find(({ height }) => at === undefined || height === at);
    if (newest === undefined && at !== undefined)
      throw new UnknownRecordsError('main-chain block', at, undefined);
    const certified = this.certified.find((row) => row.verified && row.mainHeight <= (newest?.height ?? 0));
    return newest && { height: newest.height, root: newest.root, certified: certified?.mainHeight };
  }
  mainBlocks(query: ListQuery) {
    return this.#mainList('main', query, this.main, ({ height }) => height);
  }
  certificates(query: ListQuery) {
    return this.#mainList('certificates', query, this.certified, ({ mainHeight }) => mainHeight);
  }
  async commitments(chain: string, query: ListQuery) {
    const { commitments } = await this.#of(chain);
    return this.#mainList('commitments', query, commitments, ({ mainHeight }) => mainHeight);
  }
  async evidence(chain: string, query: ListQuery): Promise<Listing<IndexedEvidence, StreamView>> {
    const { evidence } = await this.#of(chain);
    const all = evidence.length;
    const position = recordsAt('evidence', query, all) ?? all;
    // Newest first: the oldest came at position 1.
    return this.#list('evidence', query, position, { position }, evidence.slice(all - position));
  }
  proofsServed(query: ListQuery & { readonly chain?: string }): Promise<Listing<ServedProof, TimeView>> {
    const { chain } = query;
    const what = `proofs ${chain ?? ''}`;
    const time = recordsAt(what, query, NOW) ?? NOW;
    const rows = this.proofs.filter(
      (row) => row.time <= time && (chain === undefined || row.chain === chain),
    );
    return this.#list(what, query, time, { time }, rows);
  }
  async sourceSeries(chain: string, query: SampleQuery): Promise<Series<SourceStep>> {
    return { view: { time: query.at ?? NOW }, rows: (await this.#of(chain)).sources };
  }
  async lagSeries(chain: string, query: SampleQuery): Promise<Series<LagStep>> {
    return { view: { time: query.at ?? NOW }, rows: (await this.#of(chain)).lags };
  }
  async counts(): Promise<readonly ChainCounts[]> {
    await this.#of('');
    return [...this.chains].map(([chain, state]) => {
      const headers = headersAt(state, state.events.length);
      return {
        chain,
        headers: headers.length,
        canonical: headers.filter((row) => row.canonical).length,
        reorganisations: state.events.filter(
          ({ type }, i) => type === 'disconnect' && state.events[i - 1]?.type !== 'disconnect',
        ).length,
        commitments: state.commitments.length,
        height: headers.at(-1)?.height,
        finalizedHeight: undefined,
        number: state.events.length,
      };
    });
  }

  async #page<T>(
    what: string,
    chain: string,
    query: PageQuery,
    read: (state: FakeIndexed, at: number) => readonly T[],
  ): Promise<Page<T>> {
    checkLimit(query.limit);
    const state = await this.#of(chain);
    const cursor = query.cursor === undefined ? undefined : decodeCursor(what, query.cursor);
    const view = viewOf(chain, state, cursor?.number ?? query.at);
    const from = Number(cursor?.key[0] ?? 0);
    const rows = read(state, view.number);
    const to = from + query.limit;
    const part = { view, rows: rows.slice(from, to) };
    return to >= rows.length ? part : { ...part, next: encodeCursor(what, view, [to]) };
  }

  async #mainList<T>(
    what: string,
    query: ListQuery,
    rows: readonly T[],
    heightOf: (row: T) => number,
  ): Promise<Listing<T, MainView | undefined>> {
    const view = await this.mainView(recordsAt(what, query, Number.POSITIVE_INFINITY));
    const at = view?.height ?? 0;
    return this.#list(what, query, at, view, view ? rows.filter((row) => heightOf(row) <= at) : []);
  }

  async #list<T, V>(
    what: string,
    query: ListQuery,
    at: number,
    view: V,
    rows: readonly T[],
  ): Promise<Listing<T, V>> {
    await this.#of('');
    checkLimit(query.limit);
    const from = query.cursor === undefined ? 0 : Number(decodeListCursor(what, query.cursor).key[0] ?? 0);
    const to = from + query.limit;
    const part = { view, rows: rows.slice(from, to) };
    return to >= rows.length ? part : { ...part, next: encodeListCursor(what, { at, mark: '', key: [to] }) };
  }
}

/** When everything is read. */
const NOW = 1_700_000_600_000;

/** Which view of records a question names. */
function recordsAt(what: string, { cursor, at }: ListQuery, newest: number): number | undefined {
  const asked = cursor === undefined ? at : decodeListCursor(what, cursor).at;
  if (asked !== undefined && asked > newest) throw new UnknownRecordsError(what, asked, newest);
  return asked;
}

const all = (at: number | undefined): PageQuery => ({ limit: 1000, ...(at === undefined ? {} : { at }) });
const same = (a: Outpoint, b: Outpoint) => a.vout === b.vout && bytesEqual(a.txid, b.txid);

/** The best chain after `at` events. */
function bestAt({ events }: FakeIndexed, at: number) {
  const best: FakeEvent['header'][] = [];
  for (const { type, header } of events.slice(0, at)) {
    if (type === 'connect') best.push(header);
    else best.pop();
  }
  return best;
}

function viewOf(chain: string, state: FakeIndexed, at = state.events.length): View {
  if (at > state.events.length) throw new UnknownViewError(chain, at, state.events.length);
  const tip = bestAt(state, at).at(-1);
  return { chain, number: at, height: tip?.height ?? 0, hash: tip?.hash ?? ZERO32 };
}

function headersAt(state: FakeIndexed, at: number): IndexedHeader[] {
  const best = new Set(bestAt(state, at).map(({ hash }) => toBareHex(hash)));
  const rows = new Map<string, IndexedHeader>();
  for (const [i, { header }] of state.events.slice(0, at).entries()) {
    const id = toBareHex(header.hash);
    rows.set(id, { ...header, canonical: best.has(id), number: i + 1 });
  }
  return [...rows.values()].sort(
    (a, b) => a.height - b.height || Number(b.canonical) - Number(a.canonical) || a.number - b.number,
  );
}

/** Rows of blocks that the view knows, the best chain's first where they are of one height. */
function seen<T extends { blockHash: Uint8Array; canonical: boolean }>(
  state: FakeIndexed,
  rows: readonly T[],
  at: number,
): T[] {
  const known = new Map(headersAt(state, at).map((row) => [toBareHex(row.hash), row.canonical]));
  return rows
    .flatMap((row) => {
      const canonical = known.get(toBareHex(row.blockHash));
      return canonical === undefined ? [] : [{ ...row, canonical }];
    })
    .sort((a, b) => Number(b.canonical) - Number(a.canonical));
}

function spenderOf(state: FakeIndexed, output: Outpoint, at: number) {
  const row = seen(state, state.spends, at).find((one) => one.canonical && same(one.outpoint, output));
  return row && { txid: row.txid, vin: row.vin, height: row.height, blockHash: row.blockHash };
}

function fits(
  row: IndexedLog,
  { addresses = [], topics = [], from = 0, to = Number.MAX_SAFE_INTEGER }: LogQuery,
) {
  if (row.height < from || row.height > to || topics.length > row.topics.length) return false;
  if (addresses.length > 0 && !addresses.some((one) => bytesEqual(one, row.address))) return false;
  return topics.every((place, i) => {
    const topic = row.topics[i] ?? new Uint8Array();
    if (place === null) return true;
    return place instanceof Uint8Array
      ? bytesEqual(place, topic)
      : place.some((one) => bytesEqual(one, topic));
  });
}
