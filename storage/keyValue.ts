/** One write of a batch. */
export type KeyValueWrite =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

export interface RangeOptions {
  /** Inclusive. */
  readonly gte?: Uint8Array;
  /** Exclusive. */
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** An ordered key-value store: keys in byte order, atomic batches, one owner process. */
export interface KeyValueStore {
  get(key: Uint8Array): Uint8Array | undefined;
  /** All writes or none; durable (survives power loss) once resolved, unless `sync` is false. */
  batch(writes: readonly KeyValueWrite[], options?: { readonly sync?: boolean }): Promise<void>;
  range(options: RangeOptions): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
  close(): Promise<void>;
}
