import type { MainBlocks } from '../indexers/sinks/mainPublisher.js';
import type { MainChainClient } from '../mainchain/rpc/types.js';
import { CertificateType } from '../proofs/containers/consensus.js';
import { MainHeaderType } from '../proofs/containers/header.js';

/** The main chain as its publisher reads it, over any client. */
export function publishedMain(
  client: Pick<MainChainClient, 'status' | 'certificate' | 'commitments'>,
  genesisRoot: Uint8Array,
): MainBlocks {
  return {
    genesisRoot,
    async finalizedHeight() {
      const { height } = (await client.status()).finalized;
      // The newest one's certificate may still be being written; older ones without have none of their own.
      const written = height === 0 || (await client.certificate(height)) !== undefined;
      return written ? height : height - 1;
    },
    async block(height) {
      const [found, certificate] = await Promise.all([
        client.commitments(height),
        client.certificate(height),
      ]);
      return (
        found && {
          header: MainHeaderType.serialize(found.header),
          certificate: certificate === undefined ? new Uint8Array() : CertificateType.serialize(certificate),
          commitments: found.commitments,
        }
      );
    },
  };
}
