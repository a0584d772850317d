import { ProofKind } from '../../proofs/containers/proof.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { type PayloadBuilder, ProofKindError } from '../payloadBuilder.js';
import { buildEthereumProof, type EthereumAspect } from './proofs/index.js';

const kinds = {
  tx: ProofKind.ethereumTransaction,
  receipt: ProofKind.ethereumReceipt,
  log: ProofKind.ethereumLog,
} as const satisfies Record<EthereumAspect, number>;

/** Payloads about Ethereum: a transaction, its receipt, or one of its logs. */
export const ethereumPayloadBuilder: PayloadBuilder = {
  chainKind: ChainKindCode.ethereum,
  aspects: [
    { name: 'tx', takes: [] },
    { name: 'receipt', takes: [] },
    { name: 'log', takes: ['log'] },
  ],
  build({ aspect, block, index, parameters }) {
    const { transactions, receipts } = block;
    if (!transactions || !receipts)
      throw new ProofKindError('the block was read without transactions and receipts');
    if (!isAspect(aspect)) throw new ProofKindError(`an Ethereum transaction has no ${aspect}`);
    try {
      const payload = buildEthereumProof(aspect, { transactions, receipts }, index, parameters.log);
      return { kind: kinds[aspect], payload };
    } catch (error) {
      if (error instanceof MalformedInputError) throw new ProofKindError(error.message, { cause: error });
      throw error;
    }
  },
};

function isAspect(text: string): text is EthereumAspect {
  return Object.hasOwn(kinds, text);
}
