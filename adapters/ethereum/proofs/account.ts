import { ContainerType } from '@chainsafe/ssz';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesEqual, compareBytes, toHex } from '../../../proofs/bytes.js';
import { ListCompositeType } from '../../../proofs/containers/lists.js';
import { Account as Address, Bytes32 } from '../../../proofs/containers/primitives.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import type { Json } from '../../../proofs/verify/payload.js';
import { bytesOf, integerOf, listOf } from '../rlp/read.js';
import { decodeRlp } from '../rlp/rlp.js';
import { joinTrieProofs } from '../trie/join.js';
import { checkQuestion, payloadVerifier, questionId, reading, trieValues } from './common.js';
import { amountWords, counted } from './facts.js';
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

/** Most accounts of one proof. */
export const MAX_ACCOUNTS = 256;

/** A question about one account. */
export const AddressQuestionType = new ContainerType(
  { address: Address },
  { typeName: 'EthereumAddressQuestion', jsonCase: 'eth2' },
);
export const AccountQuestionType = new ContainerType(
  { addresses: new ListCompositeType(Address, MAX_ACCOUNTS) },
  { typeName: 'EthereumAccountQuestion', jsonCase: 'eth2' },
);
/** `ethereum-account`: the nodes of the state trie from the root to the accounts, which ascend, or to where they would be. */
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
  return accountsAt(stateRoot, [address], nodes)[0];
}

function accountsAt(
  stateRoot: Uint8Array,
  addresses: readonly Uint8Array[],
  nodes: readonly Uint8Array[],
): (EthereumAccount | undefined)[] {
  const keys = addresses.map((address) => keccak_256(address));
  return trieValues('account-mismatch', stateRoot, keys, nodes).map(
    (raw) => raw && reading('account-mismatch', () => decodeAccount(raw)),
  );
}

/** SSZ payload of one account's proof. @param nodes from the state root down; not checked */
export function buildAccount(address: Uint8Array, nodes: readonly Uint8Array[]): Uint8Array {
  return serialize([address], nodes);
}

/**
 * SSZ payload of several accounts' proof.
 * @param accounts in any order, each with its nodes from the state root down
 * @throws MalformedInputError for no account or one given twice; LimitExceededError; TrieProofError where nodes do not hold
 */
export function buildAccounts(
  stateRoot: Uint8Array,
  accounts: readonly { readonly address: Uint8Array; readonly nodes: readonly Uint8Array[] }[],
): Uint8Array {
  if (accounts.length === 0) throw new MalformedInputError('accounts', 'are none');
  if (accounts.length > MAX_ACCOUNTS)
    throw new LimitExceededError('accounts in one proof', accounts.length, MAX_ACCOUNTS);
  const addresses = accounts.map(({ address }) => address).sort(compareBytes);
  if (!ascend(addresses)) throw new MalformedInputError('accounts', 'have one of them twice');
  const proofs = accounts.map(({ address, nodes }) => ({ key: keccak_256(address), nodes }));
  return serialize(addresses, joinTrieProofs(stateRoot, proofs));
}

function serialize(addresses: Uint8Array[], nodes: readonly Uint8Array[]): Uint8Array {
  const question = { addresses };
  const id = questionId(ProofKind.ethereumAccount, AccountQuestionType, question);
  return AccountPayloadType.serialize({ question, id, nodes: [...nodes] });
}

export const accountVerifier = payloadVerifier(
  ProofKind.ethereumAccount,
  'ethereum-account',
  AccountPayloadType,
  (payload, leaf, chain) => {
    const { addresses } = checkQuestion(
      'account-mismatch',
      ProofKind.ethereumAccount,
      AccountQuestionType,
      payload,
    );
    if (!ascend(addresses)) throw new ProofError('non-canonical', 'accounts do not ascend');
    const accounts = accountsAt(leaf.stateRoot, addresses, payload.nodes);
    const [only, second] = addresses;
    if (only === undefined) throw new ProofError('malformed', 'an account proof has at least one account');
    if (second === undefined)
      return { summary: accountWords(only, accounts[0], chain), facts: accountFacts(only, accounts[0]) };
    return {
      summary: counted(addresses.length, 'account'),
      facts: { accounts: addresses.map((address, i) => accountFacts(address, accounts[i])) },
    };
  },
);

function ascend(addresses: readonly Uint8Array[]): boolean {
  return addresses.every((one, i) => i === 0 || compareBytes(addresses[i - 1] ?? one, one) < 0);
}

function accountWords(address: Uint8Array, account: EthereumAccount | undefined, chain: string): string {
  if (account === undefined) return `no account ${toHex(address)}`;
  const { balance, nonce, codeHash } = account;
  const what = bytesEqual(codeHash, EMPTY_CODE_HASH) ? '' : ', with code';
  return `account ${toHex(address)}: ${amountWords(balance, chain)}, nonce ${nonce}${what}`;
}

function accountFacts(address: Uint8Array, account: EthereumAccount | undefined): Record<string, Json> {
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
