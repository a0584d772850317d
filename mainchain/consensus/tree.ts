import { compareBytes, toBareHex } from '../../proofs/bytes.js';
import { DetachedBlockError } from './errors.js';
import type { ConsensusBlock } from './types.js';

/** A block of the open tree: the newest final block and everything on top of it. */
export interface TreeNode {
  readonly block: ConsensusBlock;
  readonly id: string;
  /** `undefined` for the newest final block. */
  parent: TreeNode | undefined;
  /** Order of arrival. */
  readonly order: number;
  justified: boolean;
}

/** Block tree from the newest final block up. Pure bookkeeping and the fork choice. */
export class BlockTree {
  readonly #nodes = new Map<string, TreeNode>();
  #root: TreeNode;
  #head: TreeNode;
  #justified: TreeNode;
  #arrivals = 0;

  /** @param start a final block, taken as justified */
  constructor(start: ConsensusBlock) {
    const node: TreeNode = {
      block: start,
      id: toBareHex(start.root),
      parent: undefined,
      order: 0,
      justified: true,
    };
    this.#nodes.set(node.id, node);
    this.#root = node;
    this.#head = node;
    this.#justified = node;
  }

  get root(): TreeNode {
    return this.#root;
  }
  get head(): TreeNode {
    return this.#head;
  }
  /** Highest justified. */
  get justified(): TreeNode {
    return this.#justified;
  }
  get size(): number {
    return this.#nodes.size;
  }

  get(root: Uint8Array): TreeNode | undefined {
    return this.#nodes.get(toBareHex(root));
  }

  /** @throws DetachedBlockError if the parent is not in the open tree */
  add(block: ConsensusBlock): TreeNode {
    const parent = this.get(block.parentRoot);
    if (parent === undefined || parent.block.height + 1 !== block.height) throw new DetachedBlockError(block);
    const node: TreeNode = {
      block,
      id: toBareHex(block.root),
      parent,
      order: ++this.#arrivals,
      justified: false,
    };
    this.#nodes.set(node.id, node);
    if (better(node, this.#head) && this.isAncestor(this.#justified, node)) this.#head = node;
    return node;
  }

  /** Whether `ancestor` is `node` or below it. */
  isAncestor(ancestor: TreeNode, node: TreeNode): boolean {
    let at: TreeNode | undefined = node;
    while (at !== undefined && at.block.height > ancestor.block.height) at = at.parent;
    return at === ancestor;
  }

  /** Marks as justified and moves the head to the best branch on top of the highest justified block. */
  justify(node: TreeNode): void {
    node.justified = true;
    if (node.block.height <= this.#justified.block.height) return;
    this.#justified = node;
    if (!this.isAncestor(node, this.#head)) this.#head = this.#deepest(node);
  }

  /** Makes `node` the root: everything not on top of it is forgotten. */
  finalize(node: TreeNode): TreeNode[] {
    const dropped: TreeNode[] = [];
    for (const other of this.#nodes.values()) {
      if (!this.isAncestor(node, other)) dropped.push(other);
    }
    for (const other of dropped) this.#nodes.delete(other.id);
    // No link below, so that what is final can be collected.
    node.parent = undefined;
    this.#root = node;
    return dropped;
  }

  #deepest(base: TreeNode): TreeNode {
    let best = base;
    for (const node of this.#nodes.values()) {
      if (better(node, best) && this.isAncestor(base, node)) best = node;
    }
    return best;
  }
}

/** Higher wins, then the first seen, then the lower root. */
function better(a: TreeNode, b: TreeNode): boolean {
  if (a.block.height !== b.block.height) return a.block.height > b.block.height;
  if (a.order !== b.order) return a.order < b.order;
  return compareBytes(a.block.root, b.block.root) < 0;
}
