import type { MainChainClient } from '../../mainchain/rpc/types.js';
import type { NamedClient } from '../ports.js';

/**
 * One client over several nodes: calls go to the preferred node, and when it does not answer to the next one,
 * which then is preferred. `attest` and `approve` name one delegate each and are not spread: use the nodes for them.
 */
export function failoverClient(
  nodes: readonly NamedClient[],
  onSwitch?: (to: string, cause: unknown) => void,
): MainChainClient {
  let preferred = 0;
  async function call<T>(use: (client: MainChainClient) => Promise<T>): Promise<T> {
    let failure: unknown = new RangeError('no main-chain node is configured');
    for (let tried = 0; tried < nodes.length; tried++) {
      const at = preferred;
      const node = nodes[at];
      if (!node) break;
      try {
        return await use(node.client);
      } catch (error) {
        if (!isConnection(error)) throw error;
        failure = error;
        // Another call may have moved on already.
        if (preferred === at && nodes.length > 1) {
          preferred = (at + 1) % nodes.length;
          onSwitch?.(nodes[preferred]?.name ?? '', error);
        }
      }
    }
    throw failure;
  }
  return {
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
    reorgs: (name) => call((c) => c.reorgs(name)),
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

/** Only a node that does not answer is replaced: an answer such as "not committed yet" is the main chain's own. */
function isConnection(error: unknown): boolean {
  return error instanceof Error && error.name === 'NodeUnavailableError';
}
