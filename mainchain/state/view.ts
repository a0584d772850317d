/** Reads the state of one block. */
export interface StateReader {
  /** Value of `key` in `module`, or `undefined`. */
  get(module: string, key: Uint8Array): Uint8Array | undefined;
}

/** A state that will not change. */
export interface StateView extends StateReader {
  readonly root: Uint8Array;
}
