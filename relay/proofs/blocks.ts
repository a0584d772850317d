import type { ForeignHeader } from '../../adapters/types.js';
import type { MainChainClient } from '../../mainchain/rpc/types.js';
import { bytesEqual } from '../../proofs/bytes.js';
import type { RelayChain } from '../ports.js';
import { UnknownBlockError } from './errors.js';

/**
 * The local best-branch header that a question means: by height, by hash, or `latest`, the newest whose commitment is final.
 * @throws UnknownBlockError, MalformedInputError
 */
export async function resolveBlock(
  chain: RelayChain,
  block: string,
  client: Pick<MainChainClient, 'chain' | 'commitments'>,
): Promise<ForeignHeader> {
  const height = await heightOf(chain, block, client);
  const header = height === undefined ? undefined : await chain.local.header(height);
  if (header !== undefined) return header;
  throw new UnknownBlockError(chain.name, block);
}

async function heightOf(
  chain: RelayChain,
  block: string,
  client: Pick<MainChainClient, 'chain' | 'commitments'>,
): Promise<number | undefined> {
  if (/^[0-9]{1,15}$/.test(block)) return Number(block);
  if (block === 'latest') {
    const [state, final] = await Promise.all([client.chain(chain.name), client.commitments('finalized')]);
    const own = state && final?.commitments.find(({ specRoot }) => bytesEqual(specRoot, state.specRoot));
    return own && own.start + own.size - 1;
  }
  const hash = chain.kind.parseHash(block);
  const found = await chain.local.find(hash);
  if (found === undefined) return undefined;
  const best = await chain.local.header(found.height);
  return best !== undefined && bytesEqual(best.hash, hash) ? found.height : undefined;
}
