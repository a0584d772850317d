import { buildBitcoinInclusion } from '../../adapters/bitcoin/proofs/build.js';
import { buildEthereumProof } from '../../adapters/ethereum/proofs/index.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ChainKindCode } from '../../proofs/containers/spec.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import type { PayloadBuilder, PayloadRequest } from './builder.js';
import { ProofKindError } from './errors.js';

type KindBuilder = (request: PayloadRequest) => ReturnType<PayloadBuilder>;

/** One entry a kind of foreign chain. */
const builders = new Map<number, KindBuilder>([
  [ChainKindCode.bitcoin, bitcoinPayload],
  [ChainKindCode.ethereum, ethereumPayload],
]);

/** The chain-specific part of a proof, by the kind's own builder. */
export const buildPayload: PayloadBuilder = (chainKind, request) => {
  const build = builders.get(chainKind);
  if (!build) throw new ProofKindError(`chains of kind ${chainKind} have no proofs`);
  return build(request);
};

function bitcoinPayload({ aspect, block, index }: PayloadRequest): ReturnType<PayloadBuilder> {
  if (aspect !== 'tx') {
    throw new ProofKindError(`a Bitcoin transaction has no ${aspect}`, { hint: 'Ask for kind=tx.' });
  }
  const txid = block.transactionHashes[index];
  if (!block.rawBlock || !txid) throw new ProofKindError(`the block has no transaction ${index}`);
  return { kind: ProofKind.bitcoinTransaction, payload: buildBitcoinInclusion(block.rawBlock, [txid]) };
}

function ethereumPayload({ aspect, block, index, log }: PayloadRequest): ReturnType<PayloadBuilder> {
  const { transactions, receipts } = block;
  if (!transactions || !receipts)
    throw new ProofKindError('the block was read without transactions and receipts');
  const kinds = {
    tx: ProofKind.ethereumTransaction,
    receipt: ProofKind.ethereumReceipt,
    log: ProofKind.ethereumLog,
  } as const;
  try {
    return {
      kind: kinds[aspect],
      payload: buildEthereumProof(aspect, { transactions, receipts }, index, log),
    };
  } catch (error) {
    if (error instanceof MalformedInputError) throw new ProofKindError(error.message, { cause: error });
    throw error;
  }
}
