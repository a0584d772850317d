import { MissingNodeError } from './errors.js';

/** Immutable inner nodes: 64 bytes (left ‖ right) by their hash. */
export interface NodeReader {
  get(hash: Uint8Array): Uint8Array | undefined;
}

export interface NodeWriter extends NodeReader {
  put(hash: Uint8Array, pair: Uint8Array): void;
}

/** Inner nodes in memory. */
export class MemoryNodes implements NodeWriter {
  readonly #map = new Map<string, Uint8Array>();

  get(hash: Uint8Array): Uint8Array | undefined {
    return this.#map.get(key(hash));
  }

  put(hash: Uint8Array, pair: Uint8Array): void {
    this.#map.set(key(hash), pair.slice());
  }

  get count(): number {
    return this.#map.size;
  }
}

/** For appending where no path will ever be asked. */
export const discardNodes: NodeWriter = { get: () => undefined, put: () => undefined };

function key(hash: Uint8Array): string {
  return String.fromCharCode(...hash);
}

/** Both halves of a stored node. @throws MissingNodeError */
export function children(nodes: NodeReader, hash: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const pair = nodes.get(hash);
  if (pair === undefined) throw new MissingNodeError(hash);
  return [pair.subarray(0, 32), pair.subarray(32, 64)];
}
