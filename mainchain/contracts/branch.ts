import type { Ancestors, ForeignHeader } from '../../adapters/types.js';
import type { Checkpoint } from '../../proofs/containers/spec.js';
import type { NodeReader } from '../../proofs/history/nodes.js';
import type { StateWriter } from '../state/overlay.js';
import type { StateReader } from '../state/view.js';
import type { Network } from './context.js';
import { leafOf } from './histories.js';
import { countKey, Module, recordKey } from './keys.js';
import { HeaderRecordType, type IndexRecord, readRecord } from './records.js';

/** A header of a best branch with the total work up to it. */
export interface BranchHeader {
  readonly header: ForeignHeader;
  readonly work: bigint;
}

/** A state with its nodes. */
export interface NodeState extends StateReader {
  readonly nodes: NodeReader;
}

function headerKey(specRoot: Uint8Array, height: number): Uint8Array {
  return recordKey('header', specRoot, countKey(height));
}

export function writeHeader(state: StateWriter, specRoot: Uint8Array, entry: BranchHeader): void {
  const value = HeaderRecordType.serialize({ work: entry.work, raw: entry.header.raw });
  state.set(Module.index, headerKey(specRoot, entry.header.height), value);
}

/** A stored header, on the branch or in a run that is still to join it. */
export function readHeader(
  state: StateReader,
  network: Network,
  specRoot: Uint8Array,
  height: number,
): ForeignHeader | undefined {
  const record = readRecord(state, Module.index, headerKey(specRoot, height), HeaderRecordType);
  return record && network.kind.decode(record.raw, height);
}

export function deleteHeader(state: StateWriter, specRoot: Uint8Array, height: number): void {
  state.delete(Module.index, headerKey(specRoot, height));
}

/** The best branch of one chain, read once a header. */
export class Branch {
  readonly #seen = new Map<number, BranchHeader>();
  readonly #old = new Map<number, ForeignHeader>();

  constructor(
    readonly state: NodeState,
    readonly network: Network,
    readonly specRoot: Uint8Array,
    readonly record: IndexRecord,
  ) {}

  /** A header within the window, or `undefined`. */
  at(height: number): BranchHeader | undefined {
    const seen = this.#seen.get(height);
    if (seen !== undefined) return seen;
    if (height < this.record.windowBase || height > this.record.tipHeight) return undefined;
    const record = readRecord(this.state, Module.index, headerKey(this.specRoot, height), HeaderRecordType);
    if (record === undefined) return undefined;
    const entry = { header: this.network.kind.decode(record.raw, height), work: record.work };
    this.#seen.set(height, entry);
    return entry;
  }

  /** A header of the best branch; below the window, that of the committed leaf. */
  header(height: number): ForeignHeader | undefined {
    return this.at(height)?.header ?? this.#committed(height);
  }

  #committed(height: number): ForeignHeader | undefined {
    const seen = this.#old.get(height);
    if (seen !== undefined) return seen;
    const leaf = leafOf(this.state.nodes, this.record, height);
    const raw = leaf === undefined ? undefined : this.state.nodes.get(leaf.blockHash);
    if (raw === undefined) return undefined;
    const header = this.network.kind.decode(raw, height);
    this.#old.set(height, header);
    return header;
  }

  /** Ancestors of a header on a run that leaves this branch after `forkHeight`. */
  ancestors(checkpoint: Checkpoint, forkHeight: number, run: readonly ForeignHeader[]): Ancestors {
    return {
      checkpoint,
      header: (height) => (height > forkHeight ? run[height - forkHeight - 1] : this.header(height)),
    };
  }
}
