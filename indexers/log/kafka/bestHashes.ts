import type { KeyValueStore, KeyValueWrite } from '../../../storage/keyValue.js';
import { numberedKeys, Table } from '../../keys.js';

/** Heights of one value: a put each would cost as much again as the events themselves. */
const RUN = 64;
/** 1 where there is a hash, and the hash. */
const ENTRY = 33;

/** Hashes of one chain's best branch by height in the local store, 64 heights a value. */
export class BestHashes {
  readonly #store: KeyValueStore;
  readonly #key: (run: number) => Uint8Array;

  constructor(store: KeyValueStore, chain: string) {
    this.#store = store;
    this.#key = numberedKeys(Table.mirrorBestRun, chain);
  }

  get(height: number): Uint8Array | undefined {
    const run = this.#store.get(this.#key(Math.floor(height / RUN)));
    const at = (height % RUN) * ENTRY;
    return run === undefined || run[at] !== 1 ? undefined : run.slice(at + 1, at + ENTRY);
  }

  /** @param changes hash, or `undefined` for none, by height */
  writes(changes: ReadonlyMap<number, Uint8Array | undefined>): KeyValueWrite[] {
    const runs = new Map<number, Uint8Array>();
    for (const [height, hash] of changes) {
      const number = Math.floor(height / RUN);
      let run = runs.get(number);
      if (run === undefined) {
        run = this.#store.get(this.#key(number))?.slice() ?? new Uint8Array(RUN * ENTRY);
        runs.set(number, run);
      }
      const at = (height % RUN) * ENTRY;
      run[at] = hash === undefined ? 0 : 1;
      if (hash !== undefined) run.set(hash, at + 1);
    }
    return [...runs].map(([number, value]) => ({ type: 'put', key: this.#key(number), value }));
  }
}
