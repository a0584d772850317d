import { toBareHex } from '../../../proofs/bytes.js';

const LIMIT = 8192;

/** Heights of recently seen blocks by hash; forgets the oldest. */
export class HeightMemo {
  readonly #heights = new Map<string, number>();

  get(hash: Uint8Array): number | undefined {
    return this.#heights.get(toBareHex(hash));
  }

  set(hash: Uint8Array, height: number): void {
    const key = toBareHex(hash);
    this.#heights.delete(key);
    this.#heights.set(key, height);
    if (this.#heights.size > LIMIT) {
      const oldest = this.#heights.keys().next().value;
      if (oldest !== undefined) this.#heights.delete(oldest);
    }
  }
}
