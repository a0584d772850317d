import type { MainChainClient, NodeStatus } from '../../mainchain/rpc/types.js';
import { bytesEqual, toHex } from '../../proofs/bytes.js';
import type { NamedClient } from '../ports.js';
import { WrongMainChainError } from './errors.js';

/** Final blocks by which the preferred node may be behind most others before another one is preferred. */
const MAX_BEHIND = 16;
/** Longest that a look waits for a node, milliseconds. */
const LOOK_MS = 5_000;

export interface FailoverOptions {
  /** Root of the main chain that is meant: a node of another one is not used. Default: whatever the nodes have. */
  readonly genesisRoot?: Uint8Array | undefined;
  readonly onSwitch?: (to: string, cause: unknown) => void;
}

/** How a node was at the last look. */
export interface NodeLook {
  readonly name: string;
  /** Whether it answers and is of the main chain that is meant. */
  readonly up: boolean;
  /** Newest final block, where it answers. */
  readonly finalized: number | undefined;
}

export interface FailoverClient extends MainChainClient {
  /** Prefers the next node: the one in use answers, but nothing comes of it. @param cause for whoever is told of it */
  turn(cause: unknown): void;
  /** Asks every node how far it is, and prefers another one where the one in use is behind most of them. */
  look(): Promise<readonly NodeLook[]>;
}

/**
 * One client over several nodes: calls go to the preferred node, and when it does not answer or is of another main chain to
 * the next one, which then is preferred. `attest` and `approve` name one delegate each and are not spread: use the nodes for them.
 */
export function failoverClient(nodes: readonly NamedClient[], options: FailoverOptions = {}): FailoverClient {
  const { genesisRoot, onSwitch } = options;
  let preferred = 0;
  /** Nodes that have shown, since they last failed, that they are of the right chain. */
  const known = new Set<NamedClient>();

  function prefer(index: number, cause: unknown): void {
    if (index === preferred || nodes[index] === undefined) return;
    preferred = index;
    onSwitch?.(nodes[index].name, cause);
  }

  async function statusOf(node: NamedClient): Promise<NodeStatus> {
    const status = await node.client.status();
    if (genesisRoot !== undefined && !bytesEqual(status.genesisRoot, genesisRoot))
      throw new WrongMainChainError(node.name, toHex(status.genesisRoot), toHex(genesisRoot));
    known.add(node);
    return status;
  }

  async function call<T>(use: (client: MainChainClient) => Promise<T>): Promise<T> {
    let failure: unknown = new RangeError('no main-chain node is configured');
    for (let tried = 0; tried < nodes.length; tried++) {
      const at = preferred;
      const node = nodes[at];
      if (!node) break;
      try {
        if (genesisRoot !== undefined && !known.has(node)) await statusOf(node);
        return await use(node.client);
      } catch (error) {
        if (!isUnusable(error)) throw error;
        failure = error;
        known.delete(node);
        // Another call may have moved on already.
        if (preferred === at) prefer((at + 1) % nodes.length, error);
      }
    }
    throw failure;
  }

  async function lookAt(node: NamedClient): Promise<NodeLook> {
    const { name } = node;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), LOOK_MS).unref();
    });
    try {
      const status = await Promise.race([statusOf(node), late]);
      return { name, up: status !== undefined, finalized: status?.finalized.height };
    } catch (error) {
      if (!isUnusable(error)) throw error;
      known.delete(node);
      return { name, up: false, finalized: undefined };
    } finally {
      clearTimeout(timer);
    }
  }

  async function look(): Promise<readonly NodeLook[]> {
    const looks = await Promise.all(nodes.map(lookAt));
    // The middle one: what a few of them claim moves it neither up nor down.
    const heights = looks.flatMap(({ finalized }) => finalized ?? []).sort((a, b) => a - b);
    const middle = heights[Math.floor((heights.length - 1) / 2)] ?? 0;
    const own = looks[preferred]?.finalized;
    if (own !== undefined && own + MAX_BEHIND < middle) {
      const better = looks.findIndex(({ finalized }) => finalized !== undefined && finalized >= middle);
      prefer(better, new Error(`it is ${middle - own} final blocks behind the others`));
    }
    return looks;
  }
  return {
    look,
    turn: (cause) => prefer((preferred + 1) % Math.max(1, nodes.length), cause),
    status: () => call((c) => c.status()),
    genesis: () => call((c) => c.genesis()),
    header: (id) => call((c) => c.header(id)),
    block: (id) => call((c) => c.block(id)),
    receipts: (id) => call((c) => c.receipts(id)),
    certificate: (height) => call((c) => c.certificate(height)),
    commitments: (id) => call((c) => c.commitments(id)),
    chains: () => call((c) => c.chains()),
    chain: (name) => call((c) => c.chain(name)),
    finality: (name) => call((c) => c.finality(name)),
    branchHash: (name, height) => call((c) => c.branchHash(name, height)),
    leafAnchor: (name, height, options) => call((c) => c.leafAnchor(name, height, options)),
    reorgs: (name, range) => call((c) => c.reorgs(name, range)),
    reorgAnchor: (name, index, options) => call((c) => c.reorgAnchor(name, index, options)),
    handovers: (fromTerm) => call((c) => c.handovers(fromTerm)),
    account: (account) => call((c) => c.account(account)),
    fee: (bytes) => call((c) => c.fee(bytes)),
    mark: () => call((c) => c.mark()),
    send: (transaction) => call((c) => c.send(transaction)),
    transaction: (root) => call((c) => c.transaction(root)),
    attest: (attest) => call((c) => c.attest(attest)),
    approve: (action) => call((c) => c.approve(action)),
    governanceSequence: () => call((c) => c.governanceSequence()),
  };
}

/** A node that does not answer, or for another chain, is replaced: an answer such as "not committed yet" is the main chain's own. */
function isUnusable(error: unknown): boolean {
  return (
    error instanceof WrongMainChainError || (error instanceof Error && error.name === 'NodeUnavailableError')
  );
}
