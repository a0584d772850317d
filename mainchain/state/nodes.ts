import { toBareHex } from '../../proofs/bytes.js';
import type { NodeReader, NodeWriter } from '../../proofs/history/nodes.js';

/** Nodes written on top of others and not stored yet. */
export class PendingNodes implements NodeWriter {
  readonly #base: NodeReader;
  readonly #written = new Map<string, readonly [Uint8Array, Uint8Array]>();

  constructor(base: NodeReader) {
    this.#base = base;
  }

  get(hash: Uint8Array): Uint8Array | undefined {
    return this.#written.get(toBareHex(hash))?.[1] ?? this.#base.get(hash);
  }

  put(hash: Uint8Array, preimage: Uint8Array): void {
    this.#written.set(toBareHex(hash), [hash.slice(), preimage.slice()]);
  }

  /** Hash and preimage of everything written. */
  entries(): Iterable<readonly [Uint8Array, Uint8Array]> {
    return this.#written.values();
  }

  /** Writes everything to `target` (the base, or what stands in for it). */
  flush(target: NodeWriter): void {
    for (const [hash, preimage] of this.#written.values()) target.put(hash, preimage);
  }
}
