import { toBareHex } from '../../proofs/bytes.js';
import type { NodeReader, NodeWriter } from '../../proofs/history/nodes.js';
import { stateKey } from '../../proofs/state/tree.js';
import { PendingNodes } from './nodes.js';
import { type TreeChange, treeUpdate } from './tree.js';
import { type StateReader, type StateView, valueHash } from './view.js';

/** A state that is being changed. */
export interface StateWriter extends StateReader {
  set(module: string, key: Uint8Array, value: Uint8Array): void;
  delete(module: string, key: Uint8Array): void;
  /** Where history nodes and other content-addressed data go. */
  readonly nodes: NodeWriter;
}

interface Change {
  readonly module: string;
  readonly key: Uint8Array;
  readonly value: Uint8Array | undefined;
}

/** Changes on top of another state, kept apart until applied: nothing below is touched. */
class Changes implements StateWriter {
  readonly nodes: PendingNodes;
  protected readonly changes = new Map<string, Change>();
  readonly #below: StateReader;

  constructor(below: StateReader, nodes: NodeReader) {
    this.#below = below;
    this.nodes = new PendingNodes(nodes);
  }

  get(module: string, key: Uint8Array): Uint8Array | undefined {
    const change = this.changes.get(id(module, key));
    return change === undefined ? this.#below.get(module, key) : change.value;
  }

  set(module: string, key: Uint8Array, value: Uint8Array): void {
    this.changes.set(id(module, key), { module, key: key.slice(), value: value.slice() });
  }

  delete(module: string, key: Uint8Array): void {
    this.changes.set(id(module, key), { module, key: key.slice(), value: undefined });
  }
}

/** Tentative changes of one transaction: `apply` them to what they are on top of, or drop them. */
export class StateDraft extends Changes {
  readonly #parent: StateWriter;

  constructor(parent: StateWriter) {
    super(parent, parent.nodes);
    this.#parent = parent;
  }

  apply(): void {
    this.nodes.flush(this.#parent.nodes);
    for (const { module, key, value } of this.changes.values()) {
      if (value === undefined) this.#parent.delete(module, key);
      else this.#parent.set(module, key, value);
    }
  }
}

/** All changes of one block on top of its parent's state. */
export class StateOverlay extends Changes {
  readonly #view: StateView;

  constructor(view: StateView) {
    super(view, view.nodes);
    this.#view = view;
  }

  /**
   * The state with all changes. Nothing is stored: the caller writes `nodes` (hash and preimage each; values included).
   */
  commit(): { readonly root: Uint8Array; readonly nodes: PendingNodes } {
    const changes: TreeChange[] = [];
    for (const { module, key, value } of this.changes.values()) {
      const hash = value === undefined ? undefined : valueHash(value);
      if (hash !== undefined && value !== undefined) this.nodes.put(hash, value);
      changes.push({ key: stateKey(module, key), valueHash: hash });
    }
    return { root: treeUpdate(this.#view.root, changes, this.nodes), nodes: this.nodes };
  }
}

function id(module: string, key: Uint8Array): string {
  return `${module}\0${toBareHex(key)}`;
}
