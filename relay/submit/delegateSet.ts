import type { MainChainClient } from '../../mainchain/rpc/types.js';
import { bytesEqual, toHex } from '../../proofs/bytes.js';
import { type Delegate, DelegateSetType } from '../../proofs/containers/consensus.js';
import { UnknownDelegateSetError } from './errors.js';

/**
 * The current term's delegates, found from the genesis or from the hand-overs and checked against the set root that
 * the node names.
 * @throws UnknownDelegateSetError (retryable) between a term's end and its hand-over
 */
export async function currentDelegates(
  client: Pick<MainChainClient, 'status' | 'genesis' | 'handovers'>,
): Promise<{
  readonly setRoot: Uint8Array;
  readonly genesisRoot: Uint8Array;
  readonly members: readonly Delegate[];
}> {
  const { setRoot, genesisRoot, term } = await client.status();
  const genesis = await client.genesis();
  const first = genesis.delegates.map((entry) => entry.delegate);
  if (bytesEqual(DelegateSetType.hashTreeRoot(first), setRoot))
    return { setRoot, genesisRoot, members: first };
  for (const { members } of await client.handovers(Math.max(0, term - 1))) {
    if (bytesEqual(DelegateSetType.hashTreeRoot(members), setRoot)) return { setRoot, genesisRoot, members };
  }
  throw new UnknownDelegateSetError(toHex(setRoot));
}
