import type { ChainKind } from '../../adapters/types.js';
import { AccountSigner } from '../../mainchain/crypto/account.js';
import { BlsSigner } from '../../mainchain/crypto/signer.js';
import type { Address } from '../../mainchain/network/network.js';
import type { PeerLimits } from '../../mainchain/network/peer.js';
import type { Attestor } from '../../mainchain/node/attestor.js';
import { type DelegateKeys, MemoryKeys } from '../../mainchain/node/keys.js';
import { type Logger, silentLogger } from '../../mainchain/node/logger.js';
import { MainChainNode } from '../../mainchain/node/node.js';
import { utf8 } from '../../proofs/bytes.js';
import type { Evidence, SignedVote } from '../../proofs/containers/evidence.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import type { KeyValueStore, RangeOptions } from '../../storage/keyValue.js';
import { MemoryStore } from '../../storage/memory.js';

export interface ClusterOptions {
  readonly nodes: number;
  readonly slotMilliseconds: number;
  readonly termBlocks?: number;
  readonly kinds?: readonly ChainKind[];
  readonly logger?: Logger;
  readonly limits?: PeerLimits;
  readonly attestor?: (index: number) => Attestor;
  readonly store?: (index: number) => Promise<KeyValueStore>;
}

/** A store that can die: what is written after that is lost. */
class GatedStore implements KeyValueStore {
  dead = false;
  constructor(readonly inner: KeyValueStore) {}
  get(key: Uint8Array): Uint8Array | undefined {
    return this.inner.get(key);
  }
  async batch(...args: Parameters<KeyValueStore['batch']>): Promise<void> {
    if (this.dead) throw new Error('killed');
    return this.inner.batch(...args);
  }
  range(options: RangeOptions): AsyncIterable<readonly [Uint8Array, Uint8Array]> {
    return this.inner.range(options);
  }
  async close(): Promise<void> {
    await this.inner.close();
  }
}

async function copy(store: KeyValueStore | undefined): Promise<MemoryStore> {
  const out = new MemoryStore();
  if (store === undefined) return out;
  for await (const [key, value] of store.range({})) await out.batch([{ type: 'put', key, value }]);
  return out;
}

/** A whole main-chain network in this process, over real sockets: for tests. */
export class Cluster {
  readonly genesis: Genesis;
  readonly keys: DelegateKeys[];
  /** Has money. */
  readonly user = AccountSigner.generate();
  readonly evidence: Evidence[] = [];
  readonly faults: unknown[] = [];
  readonly #options: ClusterOptions;
  readonly #stores: (KeyValueStore | undefined)[] = [];
  readonly #nodes: (MainChainNode | undefined)[] = [];
  readonly #backups: (KeyValueStore | undefined)[] = [];
  readonly #dying: Promise<void>[] = [];
  readonly #addresses: Address[] = [];

  private constructor(options: ClusterOptions) {
    this.#options = options;
    const accounts = Array.from({ length: options.nodes }, () => AccountSigner.generate());
    const signers = Array.from({ length: options.nodes }, () => BlsSigner.generate());
    this.keys = accounts.map((account, i) => new MemoryKeys(account, signers.slice(i, i + 1)));
    this.genesis = {
      version: 1,
      name: utf8('crossroot-test'),
      time: Date.now() - options.slotMilliseconds,
      slotMilliseconds: options.slotMilliseconds,
      termBlocks: options.termBlocks ?? 1000,
      baseFee: 10n,
      byteFee: 1n,
      delegates: signers.map((signer, i) => ({
        delegate: { account: accounts[i]?.account ?? new Uint8Array(20), blsKey: signer.publicKey },
        proofOfPossession: signer.provePossession(),
      })),
      balances: [...accounts, this.user].map(({ account }) => ({ account, balance: 1_000_000_000n })),
    };
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    for (let i = 0; i < options.nodes; i++) await cluster.startNode(i);
    return cluster;
  }

  async startNode(index: number): Promise<void> {
    const { attestor, limits } = this.#options;
    await Promise.all(this.#dying.splice(0));
    const store =
      this.#stores[index] ?? new GatedStore((await this.#options.store?.(index)) ?? new MemoryStore());
    this.#stores[index] = store;
    const keys = this.keys[index];
    const peers = this.#addresses.filter((_, i) => i !== index);
    const node = await MainChainNode.start({
      store,
      genesis: this.genesis,
      kinds: this.#options.kinds ?? [],
      ...(keys === undefined ? {} : { keys }),
      ...(attestor === undefined ? {} : { attestor: attestor(index) }),
      ...(limits === undefined ? {} : { limits }),
      listen: this.#addresses[index] ?? { host: '127.0.0.1', port: 0 },
      peers,
      logger: this.#options.logger ?? silentLogger,
      onEvidence: (evidence) => this.evidence.push(evidence),
      onFatal: (error) => this.faults.push(error),
    });
    this.#addresses[index] = node.address;
    this.#nodes[index] = node;
  }

  async stopNode(index: number): Promise<void> {
    const node = this.#nodes[index];
    this.#nodes[index] = undefined;
    await node?.stop();
  }

  node(index: number): MainChainNode {
    const node = this.#nodes[index];
    if (node === undefined) throw new Error(`node ${index} is stopped`);
    return node;
  }

  get running(): MainChainNode[] {
    return this.#nodes.filter((node) => node !== undefined);
  }

  /** Lowest final height of the running nodes. */
  finalized(): number {
    return Math.min(...this.running.map((node) => node.core.engine.finalized.height));
  }

  /** All processes end at once: nothing is written any more, sockets just close. */
  kill(): void {
    for (const [i, node] of this.#nodes.entries()) {
      this.#nodes[i] = undefined;
      const store = this.#stores[i];
      if (store instanceof GatedStore) {
        store.dead = true;
        this.#stores[i] = new GatedStore(store.inner);
      }
      this.#dying.push(node?.stop() ?? Promise.resolve());
    }
  }

  /** Remembers the disk of a stopped node, and brings that state back. */
  async backup(index: number): Promise<void> {
    this.#backups[index] = await copy(this.#stores[index]);
  }
  async restore(index: number): Promise<void> {
    this.#stores[index] = new GatedStore(await copy(this.#backups[index]));
  }

  /** Makes a node send a vote that it did not decide on. */
  async inject(index: number, vote: SignedVote): Promise<void> {
    this.node(index).gossip.sendVote(vote);
  }

  pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  /** Waits until `holds`. @throws Error with the state of all nodes after `timeout` */
  async until(holds: () => boolean, what: string, timeout = 120_000): Promise<void> {
    const end = Date.now() + timeout;
    while (!holds()) {
      if (this.faults.length > 0) throw this.faults[0];
      if (Date.now() > end) throw new Error(`no ${what}: ${this.describe()}`);
      await this.pause(20);
    }
  }

  describe(): string {
    return this.running
      .map((node) => {
        const { head, justified, finalized } = node.core.engine;
        return `head ${head.height} (term ${head.term}, slot ${head.slot}) justified ${justified.height} final ${finalized.height} voting ${node.lock?.voting} peers ${node.peerCount} journal ${node.journal.state.target.height}`;
      })
      .join(' | ');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#dying.splice(0), ...this.#nodes.map((_, i) => this.stopNode(i))]);
  }
}
