import type { MainChainClient } from '../../mainchain/rpc/types.js';
import type { Genesis } from '../../proofs/containers/genesis.js';
import { encodeTrust } from '../../proofs/format/trust.js';
import { NotFoundError } from './errors.js';

/** Blocks below the newest final one that are looked at for a certificate of their own term. */
const LOOK_BACK = 16;

/**
 * A trust file of the newest final block that its own term certified: what `crossroot verify --trust` takes. Whether to
 * trust it is for its reader to decide.
 * @throws NotFoundError (retryable by nature) while nothing is final yet
 */
export async function trustFile(client: MainChainClient, genesis: Genesis): Promise<string> {
  const { finalized } = await client.status();
  for (let height = finalized.height; height > Math.max(0, finalized.height - LOOK_BACK); height--) {
    const [found, certificate] = await Promise.all([client.header(height), client.certificate(height)]);
    if (found === undefined || certificate === undefined || certificate.vote.term !== found.header.term)
      continue;
    const { term } = found.header;
    const [handover] = term === 0 ? [] : await client.handovers(term - 1);
    const members = handover?.members ?? genesis.delegates.map((one) => one.delegate);
    return encodeTrust({
      genesisTime: genesis.time,
      slotMilliseconds: genesis.slotMilliseconds,
      termBlocks: genesis.termBlocks,
      header: found.header,
      certificate: {
        term,
        targetRoot: certificate.vote.target.root,
        bits: certificate.bits,
        signature: certificate.signature,
      },
      members,
    });
  }
  throw new NotFoundError('no final main block with a certificate of its own term yet');
}
