import { ContainerType } from '@chainsafe/ssz';
import { toHex } from '../../../proofs/bytes.js';
import { Bytes32, Uint32 } from '../../../proofs/containers/primitives.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { bytesOf, integerOf, listOf } from '../rlp/read.js';
import { decodeRlp } from '../rlp/rlp.js';
import type { EthereumHeader } from '../rules/header.js';
import { indexKey, type Trie } from '../trie/build.js';
import { headerOfLeaf, RawHeaderType } from './blockHeader.js';
import { checkQuestion, payloadVerifier, questionId, reading, trieValues } from './common.js';
import { amountWords } from './facts.js';
import { SharedNodesType } from './payload.js';

/** A withdrawal from the beacon chain (EIP-4895). */
export interface Withdrawal {
  /** Number among all withdrawals ever. */
  readonly index: bigint;
  readonly validatorIndex: bigint;
  readonly address: Uint8Array;
  /** Gwei */
  readonly amount: bigint;
}

const GWEI = 10n ** 9n;

export const WithdrawalQuestionType = new ContainerType(
  { position: Uint32 },
  { typeName: 'EthereumWithdrawalQuestion', jsonCase: 'eth2' },
);
/** `ethereum-withdrawal`: the block's raw header, and the nodes of its withdrawals trie at that place in the block. */
export const WithdrawalPayloadType = new ContainerType(
  { question: WithdrawalQuestionType, id: Bytes32, header: RawHeaderType, nodes: SharedNodesType },
  { typeName: 'EthereumWithdrawalPayload', jsonCase: 'eth2' },
);

/** Decodes `[index, validator_index, address, amount]` strictly. @throws MalformedInputError */
export function decodeWithdrawal(raw: Uint8Array): Withdrawal {
  const [index, validatorIndex, address, amount] = listOf(decodeRlp(raw), 'withdrawal', 4);
  return {
    index: integerOf(index, 'withdrawal index', 8),
    validatorIndex: integerOf(validatorIndex, 'withdrawal validator index', 8),
    address: bytesOf(address, 'withdrawal address', 20),
    amount: integerOf(amount, 'withdrawal amount', 8),
  };
}

/** @throws ProofError `withdrawal-mismatch` for a header from before Shanghai */
export function withdrawalsRootOf({ withdrawalsRoot }: EthereumHeader): Uint8Array {
  if (withdrawalsRoot === undefined)
    throw new ProofError('withdrawal-mismatch', 'the block is of a fork that knows no withdrawals');
  return withdrawalsRoot;
}

/** SSZ payload of a withdrawal. @param header raw @param position in the block, from 0; beyond the last, its absence */
export function buildWithdrawal(header: Uint8Array, withdrawals: Trie, position: number): Uint8Array {
  const question = { position };
  const id = questionId(ProofKind.ethereumWithdrawal, WithdrawalQuestionType, question);
  const nodes = withdrawals.prove(indexKey(position));
  return WithdrawalPayloadType.serialize({ question, id, header, nodes });
}

export const withdrawalVerifier = payloadVerifier(
  ProofKind.ethereumWithdrawal,
  'ethereum-withdrawal',
  WithdrawalPayloadType,
  (payload, leaf, chain) => {
    const flaw = 'withdrawal-mismatch';
    const { position } = checkQuestion(flaw, ProofKind.ethereumWithdrawal, WithdrawalQuestionType, payload);
    const root = withdrawalsRootOf(headerOfLeaf(payload.header, leaf));
    const [raw] = trieValues(flaw, root, [indexKey(position)], payload.nodes);
    if (raw === undefined)
      return { summary: `no withdrawal at place ${position}`, facts: { position, exists: false } };
    const { index, validatorIndex, address, amount } = reading(flaw, () => decodeWithdrawal(raw));
    return {
      summary: `withdrawal ${index}: ${amountWords(amount * GWEI, chain, 'staked')} of validator ${validatorIndex} to ${toHex(address)}`,
      facts: {
        position,
        exists: true,
        index: index.toString(),
        validatorIndex: validatorIndex.toString(),
        address: toHex(address),
        amountGwei: amount.toString(),
      },
    };
  },
);
