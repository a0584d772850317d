import { SourceUnavailableError } from '../../../adapters/errors.js';
import type { ForeignBlock, Source, SourceTip } from '../../../adapters/source.js';
import type { ForeignHeader } from '../../../adapters/types.js';
import { bytesEqual, concatBytes, toBareHex, utf8 } from '../../../proofs/bytes.js';
import { sha256 } from '../../../proofs/hash/hasher.js';
import { fakeGenesis, fakeHeader } from './fakeKind.js';

/** A chain in memory that mines, forks and rolls back. Several sources may look at one. */
export class FakeChain {
  best: ForeignHeader[] = [fakeGenesis];
  readonly all = new Map<string, ForeignHeader>([[toBareHex(fakeGenesis.hash), fakeGenesis]]);
  finalizedHeight: number | undefined;
  #salt = 0;

  get tip(): ForeignHeader {
    return this.best.at(-1)!;
  }

  mine(
    count: number,
    options: { readonly work?: number; readonly flaw?: number; readonly time?: number } = {},
  ): void {
    for (let i = 0; i < count; i++) {
      const header = fakeHeader(this.tip, ++this.#salt, options);
      this.all.set(toBareHex(header.hash), header);
      this.best.push(header);
    }
  }

  /** Drops the newest `depth` blocks, never the first, and mines `count` others. */
  fork(depth: number, count: number, options: { readonly work?: number } = {}): void {
    this.best.length = Math.max(1, this.best.length - depth);
    this.#salt += 1000;
    this.mine(count, options);
  }

  workOf(headers: readonly ForeignHeader[] = this.best): number {
    return headers.slice(1).reduce((sum, header) => sum + header.raw[48]!, 0);
  }
}

/** Three transactions a block, one of them the same in every block of a height. */
export function fakeTransactions(header: ForeignHeader): Uint8Array[] {
  const of = (seed: Uint8Array, name: string) => sha256(concatBytes(seed, utf8(name)));
  return [
    of(header.hash, 'coinbase'),
    of(utf8(`height ${header.height}`), 'shared'),
    of(header.hash, 'last'),
  ];
}

/** A test double of a source, with failures to switch on. */
export class FakeSource implements Source {
  /** What calls do: answer, fail, never answer. */
  mode: 'good' | 'dead' | 'hanging' = 'good';
  calls = 0;
  blockCalls = 0;
  lag = 0;
  /** Overrides the tip that it names. */
  claim: SourceTip | undefined;
  /** Alters what it hands out. */
  tamper: (headers: ForeignHeader[]) => ForeignHeader[] = (headers) => headers;
  readonly chain: string;

  constructor(
    readonly name: string,
    readonly world: FakeChain,
    chain = 'fake-work',
  ) {
    this.chain = chain;
  }

  check = () => this.#answer(() => undefined);
  tip = () =>
    this.#answer(() => this.claim ?? this.world.best[Math.max(0, this.world.best.length - 1 - this.lag)]!);
  finalized = () =>
    this.#answer(() =>
      this.world.finalizedHeight === undefined
        ? undefined
        : this.world.best[this.world.finalizedHeight - 100],
    );
  headers = (from: number, count: number) =>
    this.#answer(() => {
      const end = this.world.best.length - this.lag;
      const run = this.world.best.slice(0, end).slice(Math.max(0, from - 100), from - 100 + count);
      return this.tamper(run);
    });
  block = (hash: Uint8Array) =>
    this.#answer((): ForeignBlock => {
      this.blockCalls++;
      const header = this.world.all.get(toBareHex(hash));
      if (header === undefined) throw new SourceUnavailableError(this.name, 'no such block');
      return { header, transactionHashes: fakeTransactions(header) };
    });
  findTransaction = (hash: Uint8Array) =>
    this.#answer(() =>
      this.world.best.find((header) => fakeTransactions(header).some((tx) => bytesEqual(tx, hash))),
    );
  close = async () => undefined;

  async #answer<T>(make: () => T): Promise<T> {
    this.calls++;
    if (this.mode === 'dead') throw new SourceUnavailableError(this.name, 'connection refused');
    if (this.mode === 'hanging') return new Promise<T>(() => undefined);
    return make();
  }
}
