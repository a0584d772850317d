import { ContainerType } from '@chainsafe/ssz';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, fromHex, toHex } from '../../../proofs/bytes.js';
import { ByteListType } from '../../../proofs/containers/lists.js';
import { Bytes32 } from '../../../proofs/containers/primitives.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { LimitExceededError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { AddressQuestionType, accountAt, EMPTY_CODE_HASH } from './account.js';
import { checkQuestion, payloadVerifier, questionId } from './common.js';
import { SharedNodesType } from './payload.js';

/** Far above what any network allows (EIP-170: 24,576 bytes). */
export const MAX_CODE_BYTES = 2 ** 20;
/** EIP-7702: an account that delegates has this and an address as its code. */
const DELEGATION = fromHex('ef0100');
const DELEGATION_BYTES = 23;

/** `ethereum-code`: the account's nodes, and the bytes that its code hash is of; none for an account without code. */
export const CodePayloadType = new ContainerType(
  {
    question: AddressQuestionType,
    id: Bytes32,
    nodes: SharedNodesType,
    code: new ByteListType(MAX_CODE_BYTES),
  },
  { typeName: 'EthereumCodePayload', jsonCase: 'eth2' },
);

/** SSZ payload of a contract's code. @param nodes from the state root down @throws LimitExceededError */
export function buildCode(address: Uint8Array, nodes: readonly Uint8Array[], code: Uint8Array): Uint8Array {
  if (code.length > MAX_CODE_BYTES)
    throw new LimitExceededError('code in bytes', code.length, MAX_CODE_BYTES);
  const question = { address };
  const id = questionId(ProofKind.ethereumCode, AddressQuestionType, question);
  return CodePayloadType.serialize({ question, id, nodes: [...nodes], code });
}

export const codeVerifier = payloadVerifier(
  ProofKind.ethereumCode,
  'ethereum-code',
  CodePayloadType,
  (payload, leaf) => {
    const { address } = checkQuestion('code-mismatch', ProofKind.ethereumCode, AddressQuestionType, payload);
    const account = accountAt(leaf.stateRoot, address, payload.nodes);
    const { code } = payload;
    const codeHash = account?.codeHash ?? EMPTY_CODE_HASH;
    if (!bytesEqual(keccak_256(code), codeHash))
      throw new ProofError('code-mismatch', `the code is not that of hash ${toHex(codeHash)}`);
    const delegate = delegateOf(code);
    return {
      summary:
        delegate !== undefined
          ? `account ${toHex(address)} delegates to ${delegate}`
          : code.length === 0
            ? `no code at ${toHex(address)}`
            : `code of contract ${toHex(address)}: ${code.length} bytes`,
      facts: {
        address: toHex(address),
        exists: account !== undefined,
        codeHash: toHex(codeHash),
        ...(delegate === undefined ? {} : { delegate }),
        code: toHex(code),
      },
    };
  },
);

function delegateOf(code: Uint8Array): string | undefined {
  const delegates = code.length === DELEGATION_BYTES && bytesEqual(code.subarray(0, 3), DELEGATION);
  return delegates ? toHex(code.subarray(3)) : undefined;
}
