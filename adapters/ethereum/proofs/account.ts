import { ContainerType } from '@chainsafe/ssz';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, toHex } from '../../../proofs/bytes.js';
import { Account as Address, Bytes32 } from '../../../proofs/containers/primitives.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import type { Json } from '../../../proofs/verify/payload.js';
import { bytesOf, integerOf, listOf } from '../rlp/read.js';
import { decodeRlp } from '../rlp/rlp.js';
import { checkQuestion, payloadVerifier, questionId, reading, trieValues } from './common.js';
import { formatEther } from './facts.js';
import { SharedNodesType } from './payload.js';

/** Keccak-256 of no bytes: the code hash of an account without code. */
export const EMPTY_CODE_HASH: Uint8Array = keccak_256(new Uint8Array(0));

/** An account in a block's state (Yellow Paper section 4.1). */
export interface EthereumAccount {
  readonly nonce: bigint;
  /** wei */
  readonly balance: bigint;
  readonly storageRoot: Uint8Array;
  readonly codeHash: Uint8Array;
}

export const AccountQuestionType = new ContainerType(
  { address: Address },
  { typeName: 'EthereumAccountQuestion', jsonCase: 'eth2' },
);
/** `ethereum-account`: the nodes of the state trie from the root to the account, or to where it would be. */
export const AccountPayloadType = new ContainerType(
  { question: AccountQuestionType, id: Bytes32, nodes: SharedNodesType },
  { typeName: 'EthereumAccountPayload', jsonCase: 'eth2' },
);

/** Decodes a value of the state trie strictly. @throws MalformedInputError */
export function decodeAccount(raw: Uint8Array): EthereumAccount {
  const [nonce, balance, storageRoot, codeHash] = listOf(decodeRlp(raw), 'account', 4);
  return {
    nonce: integerOf(nonce, 'account nonce', 8),
    balance: integerOf(balance, 'account balance'),
    storageRoot: bytesOf(storageRoot, 'account storage root', 32),
    codeHash: bytesOf(codeHash, 'account code hash', 32),
  };
}

/**
 * The account at an address under a state root, or `undefined` where the nodes show that there is none.
 * @throws ProofError `account-mismatch`
 */
export function accountAt(
  stateRoot: Uint8Array,
  address: Uint8Array,
  nodes: readonly Uint8Array[],
): EthereumAccount | undefined {
  const [raw] = trieValues('account-mismatch', stateRoot, [keccak_256(address)], nodes);
  return raw && reading('account-mismatch', () => decodeAccount(raw));
}

/** SSZ payload of an account's proof. @param nodes from the state root down */
export function buildAccount(address: Uint8Array, nodes: readonly Uint8Array[]): Uint8Array {
  const question = { address };
  const id = questionId(ProofKind.ethereumAccount, AccountQuestionType, question);
  return AccountPayloadType.serialize({ question, id, nodes: [...nodes] });
}

export const accountVerifier = payloadVerifier(
  ProofKind.ethereumAccount,
  'ethereum-account',
  AccountPayloadType,
  (payload, leaf) => {
    const { address } = checkQuestion(
      'account-mismatch',
      ProofKind.ethereumAccount,
      AccountQuestionType,
      payload,
    );
    const account = accountAt(leaf.stateRoot, address, payload.nodes);
    return { summary: accountWords(address, account), facts: accountFacts(address, account) };
  },
);

function accountWords(address: Uint8Array, account: EthereumAccount | undefined): string {
  if (account === undefined) return `no account ${toHex(address)}`;
  const { balance, nonce, codeHash } = account;
  const what = bytesEqual(codeHash, EMPTY_CODE_HASH) ? '' : ', with code';
  return `account ${toHex(address)}: ${formatEther(balance)} ETH, nonce ${nonce}${what}`;
}

export function accountFacts(
  address: Uint8Array,
  account: EthereumAccount | undefined,
): Record<string, Json> {
  if (account === undefined) return { address: toHex(address), exists: false };
  return {
    address: toHex(address),
    exists: true,
    nonce: account.nonce.toString(),
    balance: account.balance.toString(),
    storageRoot: toHex(account.storageRoot),
    codeHash: toHex(account.codeHash),
  };
}
