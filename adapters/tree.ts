import { bytesEqual } from '../proofs/bytes.js';
import type { Checkpoint } from '../proofs/containers/spec.js';
import { InvalidHeaders } from './chain/invalid.js';
import { hashKey } from './chain/key.js';
import { ForkTooDeepError, HeaderRuleError } from './errors.js';
import type { Ancestors, ChainKind, ForeignHeader } from './types.js';

export interface TreeOptions {
  /** Headers of the best branch to keep below the tip; a fork deeper than this cannot be followed. Default 4032. */
  readonly keep?: number;
  /** All nodes together, side branches included; weakest side branches go first. Default three times `keep`. */
  readonly maxNodes?: number;
  /**
   * `work`: most total work wins, first seen on ties. `last`: the branch added last wins, for kinds without work,
   * whose source decides. Default `work`.
   */
  readonly forkChoice?: 'work' | 'last';
  /**
   * Headers of the best branch below the lowest that is kept, by height, where somebody has them: no fork can leave there,
   * but rules look further back than the deepest fork that is followed. Default: none.
   */
  readonly below?: (height: number) => ForeignHeader | undefined;
}

/** How the best branch changed: first undo, tip downwards, then apply, upwards. */
export interface TreeChange {
  readonly disconnected: readonly ForeignHeader[];
  readonly connected: readonly ForeignHeader[];
}

export interface AddOptions {
  /** Keep the run's branch until the next one is held, however weak beside others: it is being read in parts. */
  readonly hold?: boolean;
}

const NO_CHANGE: TreeChange = { disconnected: [], connected: [] };

interface Node {
  readonly header: ForeignHeader;
  readonly key: string;
  /** Total work. */
  readonly work: bigint;
}

/** Checks one header on its ancestors, by `ChainKind.validate`. */
export type ValidateHeader = (header: ForeignHeader, ancestors: Ancestors) => void;

/**
 * All known recent headers of one chain, its best branch, and the exact changes of that branch. In memory only and
 * bounded: what falls below the kept depth is forgotten.
 */
export class HeaderTree {
  readonly #kind: ChainKind;
  readonly #checkpoint: Checkpoint;
  readonly #keep: number;
  readonly #maxNodes: number;
  readonly #forkChoice: 'work' | 'last';
  readonly #below: Ancestors['header'];
  readonly #nodes = new Map<string, Node>();
  /** Headers known to be invalid, and why. */
  readonly invalid: InvalidHeaders;
  /** The branch added to last, where it is not the best one, so that a branch added in parts is not walked each time. */
  #side: { readonly tip: string; readonly branch: Branch } | undefined;
  #held: string | undefined;
  #pruneAbove: number;
  /** No fork may leave the best branch below this height. */
  #floor: number;
  /** Best branch by height, from `#rootHeight` on. */
  #best: Node[];
  #rootHeight: number;

  /**
   * @param checkpoint handed to the rules as the chain's trusted start
   * @param root lowest header of the tree and total work up to and including it
   */
  constructor(
    kind: ChainKind,
    checkpoint: Checkpoint,
    root: { readonly header: ForeignHeader; readonly work: bigint },
    options: TreeOptions = {},
  ) {
    this.#kind = kind;
    this.#checkpoint = checkpoint;
    this.#keep = options.keep ?? 4032;
    this.#maxNodes = options.maxNodes ?? 3 * this.#keep;
    this.#forkChoice = options.forkChoice ?? 'work';
    this.#below = options.below ?? (() => undefined);
    const node = { header: root.header, key: hashKey(root.header.hash), work: root.work };
    this.#nodes.set(node.key, node);
    this.#best = [node];
    this.#rootHeight = root.header.height;
    this.#floor = checkpoint.height;
    this.#pruneAbove = this.#maxNodes;
    this.invalid = new InvalidHeaders(kind);
  }

  get tip(): ForeignHeader {
    return this.#tipNode.header;
  }
  /** Total work of the best branch. */
  get work(): bigint {
    return this.#tipNode.work;
  }
  get rootHeight(): number {
    return this.#rootHeight;
  }
  /** Known headers, side branches included. */
  get size(): number {
    return this.#nodes.size;
  }

  /** The best branch's header at `height`, if kept. */
  at(height: number): ForeignHeader | undefined {
    return this.#best[height - this.#rootHeight]?.header;
  }

  /** Whether a header is known, on any branch. */
  has(hash: Uint8Array): boolean {
    return this.#nodes.has(hashKey(hash));
  }

  /** Total work up to and including a known header, on any branch. */
  workOf(hash: Uint8Array): bigint | undefined {
    return this.#nodes.get(hashKey(hash))?.work;
  }

  /** A known header, on any branch, with a look-up by height of what it builds on, as long as nothing is added. */
  branchOf(hash: Uint8Array): { header: ForeignHeader; ancestor: Ancestors['header'] } | undefined {
    const node = this.#nodes.get(hashKey(hash));
    if (node === undefined) return undefined;
    const branch = this.#branchTo(node);
    return { header: node.header, ancestor: (height) => this.#lookUp(branch, height) };
  }

  /**
   * Nothing may leave the best branch below `height` from now on; what does is dropped. For what the chain itself calls
   * final. Never goes down.
   */
  finalize(height: number): void {
    if (height <= this.#floor) return;
    this.#floor = height;
    this.#pruneSides();
  }

  /**
   * Adds a linked run of headers, oldest first, whose first one's parent is known; those already known are skipped.
   * A run with a bad header changes nothing.
   * @param validate called for each new header; by default nothing but links and heights is checked
   * @throws HeaderRuleError `prev-blk-not-found` if the run hangs in the air, `duplicate-invalid` or `bad-prevblk` for
   * what is or builds on a header known to be invalid, and whatever `validate` throws
   * @throws ForkTooDeepError for a fork below the checkpoint or below what is final
   */
  add(headers: readonly ForeignHeader[], validate?: ValidateHeader, options: AddOptions = {}): TreeChange {
    const first = headers[0];
    if (first === undefined) return NO_CHANGE;
    const parent = this.#nodes.get(hashKey(first.parentHash));
    const known = this.#nodes.get(hashKey(first.hash));
    if (parent === undefined && known === undefined) this.#refuseUnknown(first);

    // The branch under construction, above the best branch's node at `forkHeight`.
    const branch = this.#branchFrom(parent ?? known);
    const before = branch.nodes.length;
    this.#side = undefined;
    const added: Node[] = [];
    const ancestors: Ancestors = {
      checkpoint: this.#checkpoint,
      header: (height) => this.#lookUp(branch, height),
    };
    let last = parent;
    for (const header of headers) {
      if (last !== undefined && !bytesEqual(header.parentHash, last.header.hash)) {
        this.#refuse('bad-prevblk', header, 'does not link to the header before it');
      }
      if (last !== undefined && header.height !== last.header.height + 1) {
        this.#refuse('bad-prevblk', header, `is at the wrong height, expected ${last.header.height + 1}`);
      }
      const key = hashKey(header.hash);
      const existing = this.#nodes.get(key);
      if (existing === undefined && last !== undefined) {
        if (branch.forkHeight < this.#floor) this.#refuseDeep(header, branch.forkHeight);
        if (validate !== undefined) this.#validate(header, ancestors, validate);
        last = { header, key, work: last.work + this.#kind.work(header) };
        added.push(last);
        branch.nodes.push(last);
      } else if (existing !== undefined) {
        if (last !== undefined) this.#extend(branch, existing);
        last = existing;
      }
    }
    for (const node of added) this.#nodes.set(node.key, node);
    if (options.hold === true) this.#held = last?.key;
    let change = NO_CHANGE;
    if (last !== undefined && this.#isBetter(last)) change = this.#switch(branch);
    else if (last !== undefined && branch.nodes.length > before) this.#side = { tip: last.key, branch };
    this.#prune();
    return change;
  }

  #validate(header: ForeignHeader, ancestors: Ancestors, validate: ValidateHeader): void {
    this.invalid.check(header);
    try {
      validate(header, ancestors);
    } catch (error) {
      this.invalid.remember(header, error);
      throw error;
    }
  }

  #lookUp(branch: Branch, height: number): ForeignHeader | undefined {
    if (height < this.#rootHeight) return this.#below(height);
    return height <= branch.forkHeight
      ? this.at(height)
      : branch.nodes[height - branch.forkHeight - 1]?.header;
  }

  get #tipNode(): Node {
    const tip = this.#best[this.#best.length - 1];
    if (tip === undefined) throw new RangeError('a header tree is never empty');
    return tip;
  }

  #isBetter(node: Node): boolean {
    return this.#forkChoice === 'work' ? node.work > this.work : node.key !== this.#tipNode.key;
  }

  #onBest(node: Node): boolean {
    return this.#best[node.header.height - this.#rootHeight]?.key === node.key;
  }

  #branchFrom(node: Node | undefined): Branch {
    const side = this.#side;
    return side !== undefined && side.tip === node?.key ? side.branch : this.#branchTo(node);
  }

  /** The nodes from the best branch up to `node`, exclusive of the best branch itself. */
  #branchTo(node: Node | undefined): Branch {
    const nodes: Node[] = [];
    let at = node;
    while (at !== undefined && !this.#onBest(at)) {
      nodes.push(at);
      at = this.#nodes.get(hashKey(at.header.parentHash));
    }
    return { forkHeight: at === undefined ? this.#rootHeight - 1 : at.header.height, nodes: nodes.reverse() };
  }

  #extend(branch: Branch, existing: Node): void {
    if (branch.nodes.length === 0 && this.#onBest(existing)) branch.forkHeight = existing.header.height;
    else branch.nodes.push(existing);
  }

  #switch(branch: Branch): TreeChange {
    const keepCount = branch.forkHeight - this.#rootHeight + 1;
    const disconnected = this.#best.splice(keepCount).reverse();
    for (const node of branch.nodes) this.#best.push(node);
    return {
      disconnected: disconnected.map((node) => node.header),
      connected: branch.nodes.map((node) => node.header),
    };
  }

  #prune(): void {
    const excess = this.#best.length - 1 - this.#keep;
    // Amortised: only after a sixteenth too many.
    if (excess <= this.#keep / 16 && this.#nodes.size <= this.#pruneAbove) return;
    if (excess > 0) {
      for (const node of this.#best.slice(0, excess)) this.#nodes.delete(node.key);
      this.#best = this.#best.slice(excess);
      this.#rootHeight += excess;
      this.#side = undefined;
    }
    this.#pruneSides();
  }

  /** Drops side branches that hang below the root or leave below the floor, then the weakest until there are few enough. */
  #pruneSides(): void {
    const sides = new Map<string, Node[]>();
    const rootOf = new Map<string, string>();
    const byHeight = [...this.#nodes.values()]
      .filter((node) => !this.#onBest(node))
      .sort((a, b) => a.header.height - b.header.height);
    for (const node of byHeight) {
      const parent = this.#nodes.get(hashKey(node.header.parentHash));
      if (parent === undefined || (this.#onBest(parent) && parent.header.height < this.#floor)) {
        this.#delete(node);
        continue;
      }
      const root = rootOf.get(parent.key) ?? node.key;
      rootOf.set(node.key, root);
      const side = sides.get(root);
      if (side === undefined) sides.set(root, [node]);
      else side.push(node);
    }
    // Some more than needed, so that the next header does not have to prune again.
    const enough =
      this.#nodes.size > this.#maxNodes ? this.#maxNodes - (this.#maxNodes >> 4) : this.#maxNodes;
    const held = this.#held === undefined ? undefined : rootOf.get(this.#held);
    const weakestFirst = [...sides]
      .filter(([root]) => root !== held)
      .map(([, side]) => ({ side, work: mostWork(side) }))
      .sort((a, b) => (a.work === b.work ? 0 : a.work < b.work ? -1 : 1));
    for (const { side } of weakestFirst) {
      if (this.#nodes.size <= enough) break;
      for (const node of side) this.#delete(node);
    }
    this.#pruneAbove = Math.max(this.#maxNodes, this.#nodes.size + (this.#keep >> 4));
    if (this.#nodes.size <= enough) this.#pruneAbove = this.#maxNodes;
  }

  #delete(node: Node): void {
    this.#nodes.delete(node.key);
    this.#side = undefined;
  }

  #refuseUnknown(first: ForeignHeader): never {
    this.invalid.check(first);
    if (first.height <= this.#checkpoint.height) this.#refuseDeep(first, first.height - 1);
    this.#refuse('prev-blk-not-found', first, 'parent is not known');
  }

  #refuseDeep(header: ForeignHeader, forkHeight: number): never {
    throw new ForkTooDeepError(header.height, this.#kind.displayHash(header.hash), forkHeight, this.#floor);
  }

  #refuse(rule: string, header: ForeignHeader, message: string): never {
    throw new HeaderRuleError(rule, header.height, this.#kind.displayHash(header.hash), message);
  }
}

function mostWork(nodes: readonly Node[]): bigint {
  let most = 0n;
  for (const { work } of nodes) if (work > most) most = work;
  return most;
}

interface Branch {
  forkHeight: number;
  readonly nodes: Node[];
}
