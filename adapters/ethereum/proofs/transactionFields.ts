import { addressOrNone, bytesOf, integerOf, listOf } from '../rlp/read.js';
import type { RlpItem } from '../rlp/rlp.js';

/** Checks one field; what it may be depends on its name alone. @throws MalformedInputError */
type FieldCheck = (item: RlpItem | undefined, what: string) => void;

const uint64: FieldCheck = (item, what) => integerOf(item, what, 8);
const uint256: FieldCheck = (item, what) => integerOf(item, what);
/** Most items that a block's gas could pay for are far fewer. */
const MAX_ITEMS = 2 ** 20;

const checks = {
  chainId: uint256,
  nonce: uint64,
  gasPrice: uint256,
  maxPriorityFeePerGas: uint256,
  maxFeePerGas: uint256,
  gas: uint64,
  to: addressOrNone,
  value: uint256,
  input: (item, what) => bytesOf(item, what),
  accessList: checkAccessList,
  maxFeePerBlobGas: uint256,
  blobVersionedHashes: (item, what) => {
    for (const hash of listOf(item, what, 0, MAX_ITEMS)) bytesOf(hash, what, 32);
  },
  authorizationList: checkAuthorizations,
  /** 27, 28, or with the chain id of EIP-155 */
  v: uint256,
  yParity: (item, what) => integerOf(item, what, 1),
  r: uint256,
  s: uint256,
} satisfies Record<string, FieldCheck>;

export type FieldName = keyof typeof checks;

const body = ['to', 'value', 'input'] as const;
const signature = ['yParity', 'r', 's'] as const;
const dynamicFee = ['chainId', 'nonce', 'maxPriorityFeePerGas', 'maxFeePerGas', 'gas', ...body] as const;

/** Fields of each EIP-2718 type in their order: legacy (Yellow Paper 4.3), EIPs 2930, 1559, 4844, 7702. */
export const transactionFields: Readonly<Record<number, readonly FieldName[]>> = {
  0: ['nonce', 'gasPrice', 'gas', ...body, 'v', 'r', 's'],
  1: ['chainId', 'nonce', 'gasPrice', 'gas', ...body, 'accessList', ...signature],
  2: [...dynamicFee, 'accessList', ...signature],
  3: [...dynamicFee, 'accessList', 'maxFeePerBlobGas', 'blobVersionedHashes', ...signature],
  4: [...dynamicFee, 'accessList', 'authorizationList', ...signature],
};

/** @throws MalformedInputError */
export function checkField(name: FieldName, item: RlpItem | undefined): void {
  const check: FieldCheck = checks[name];
  check(item, `transaction ${name}`);
}

function checkAccessList(item: RlpItem | undefined, what: string): void {
  for (const entry of listOf(item, what, 0, MAX_ITEMS)) {
    const [address, keys] = listOf(entry, `${what} entry`, 2);
    bytesOf(address, `${what} address`, 20);
    for (const key of listOf(keys, `${what} storage keys`, 0, MAX_ITEMS))
      bytesOf(key, `${what} storage key`, 32);
  }
}

/** EIP-7702: `[chain_id, address, nonce, y_parity, r, s]`. */
function checkAuthorizations(item: RlpItem | undefined, what: string): void {
  for (const entry of listOf(item, what, 0, MAX_ITEMS)) {
    const [chainId, address, nonce, yParity, r, s] = listOf(entry, `${what} entry`, 6);
    for (const number of [chainId, r, s]) integerOf(number, what);
    bytesOf(address, `${what} address`, 20);
    integerOf(nonce, `${what} nonce`, 8);
    integerOf(yParity, `${what} y parity`, 1);
  }
}
