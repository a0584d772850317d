import { keccak_256 } from '@noble/hashes/sha3.js';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkEip1186,
  Eip1186Error,
  encodeEip1186,
  parseEip1186,
} from '../../adapters/ethereum/proofs/eip1186.js';
import {
  accountAt,
  buildAccount,
  buildCode,
  buildStorage,
  readEthereumHeader,
} from '../../adapters/ethereum/proofs/index.js';
import { StoragePayloadType } from '../../adapters/ethereum/proofs/storage.js';
import { encodeHeaderJson } from '../../adapters/ethereum/sources/encodeHeader.js';
import type { RpcObject } from '../../adapters/ethereum/sources/fields.js';
import { TrieProofError, verifyTrieProof } from '../../adapters/ethereum/trie/verify.js';
import { readUnanchoredHeader } from '../../adapters/registry.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { fromHex, toHex, utf8 } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { ProofError } from '../../proofs/errors/proof.js';
import type { AnchoredKind } from '../../proofs/format/proof.js';
import { verifyProof } from '../../proofs/verify/verify.js';
import { registryContext } from '../fixtures/bitcoinProof.js';
import { hasData, needsData, readJson } from './folder.js';

const hex = (list: readonly string[]) => list.map((node) => fromHex(node));

/** Facts of a payload about a block that the user vouches for. */
function factsOf(
  chain: string,
  header: ForeignHeader,
  kind: AnchoredKind,
  payload: Uint8Array,
  hash = header.hash,
) {
  const proof = {
    kind: ProofKind.unanchored,
    chain: utf8(chain),
    header: header.raw,
    payloadKind: kind,
    payload,
  } as const;
  const verdict = verifyProof(proof, {
    ...registryContext,
    bls: blstBls,
    readHeader: readUnanchoredHeader,
    blockHash: toHex(hash),
  });
  if (!('claims' in verdict)) throw new Error('claims nothing');
  return verdict.claims[0]!.facts;
}

function flawOf(run: () => unknown): string {
  try {
    run();
    return 'accepted';
  } catch (error) {
    if (error instanceof ProofError) return error.flaw;
    throw error;
  }
}

interface Answer extends Record<string, unknown> {
  readonly address: string;
  readonly accountProof: readonly string[];
  readonly balance: string;
  readonly nonce: string;
  readonly codeHash: string;
  readonly storageHash: string;
  readonly storageProof: readonly { key: string; value: string; proof: readonly string[] }[];
}

/** Imports an answer, proves it under its block, and writes it as it was. */
function importAnswer(chain: string, header: ForeignHeader, answer: Answer): void {
  const read = parseEip1186(JSON.stringify(answer));
  const { account, accountNodes, slots } = checkEip1186(header.stateRoot, read);
  const facts = factsOf(chain, header, ProofKind.ethereumAccount, buildAccount(read.address, accountNodes));
  expect(facts).toMatchObject({ address: answer.address.toLowerCase(), exists: account !== undefined });
  if (account !== undefined)
    expect(facts).toMatchObject({
      balance: BigInt(answer.balance).toString(),
      nonce: BigInt(answer.nonce).toString(),
      codeHash: answer.codeHash,
      storageRoot: answer.storageHash,
    });
  let keys: readonly Uint8Array[] = [];
  let storageNodes: readonly Uint8Array[] = [];
  if (slots.length > 0) {
    const payload = buildStorage(header.stateRoot, read.address, accountNodes, slots);
    const { storage } = factsOf(chain, header, ProofKind.ethereumStorage, payload) as {
      storage: { value: string }[];
    };
    expect(storage.map(({ value }) => BigInt(value)).sort()).toEqual(
      read.slots.map(({ value }) => value).sort(),
    );
    ({
      question: { slots: keys },
      storageNodes,
    } = StoragePayloadType.deserialize(payload));
  }
  const written = encodeEip1186(header.stateRoot, read.address, accountNodes, keys, storageNodes);
  expect(parseEip1186(written)).toEqual(read);
}

/** Every field of an answer, changed, is refused by its name. */
function refusedByField(header: ForeignHeader, answer: Answer): void {
  const fieldOf = (changes: object) => {
    try {
      checkEip1186(header.stateRoot, parseEip1186(JSON.stringify({ ...answer, ...changes })));
      return 'accepted';
    } catch (error) {
      if (error instanceof Eip1186Error) return error.field;
      throw error;
    }
  };
  const more = (text: string) => `0x${(BigInt(text) + 1n).toString(16)}`;
  const flip = (text: string) => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;
  expect(fieldOf({})).toBe('accepted');
  expect(fieldOf({ balance: more(answer.balance) })).toBe('balance');
  expect(fieldOf({ nonce: more(answer.nonce) })).toBe('nonce');
  expect(fieldOf({ codeHash: flip(answer.codeHash) })).toBe('codeHash');
  expect(fieldOf({ storageHash: flip(answer.storageHash) })).toBe('storageHash');
  expect(fieldOf({ address: flip(answer.address) })).toBe('accountProof');
  for (let i = 0; i < answer.accountProof.length; i++) {
    expect(fieldOf({ accountProof: answer.accountProof.toSpliced(i, 1) })).toBe('accountProof');
    expect(fieldOf({ accountProof: answer.accountProof.toSpliced(i, 0, answer.accountProof[i]!) })).toBe(
      'accountProof',
    );
    expect(fieldOf({ accountProof: answer.accountProof.with(i, flip(answer.accountProof[i]!)) })).toBe(
      'accountProof',
    );
  }
  for (const [i, slot] of answer.storageProof.entries()) {
    const changed = (changes: object) =>
      fieldOf({ storageProof: answer.storageProof.with(i, { ...slot, ...changes }) });
    expect(changed({ value: flip(slot.value) })).toBe(`storageProof[${i}].value`);
    expect(changed({ key: flip(slot.key) })).toBe(`storageProof[${i}].proof`);
    expect(changed({ proof: slot.proof.slice(1) })).toBe(`storageProof[${i}].proof`);
    expect(changed({ proof: [...slot.proof, slot.proof[0]!] })).toBe(`storageProof[${i}].proof`);
  }
}

/** Answers of a method somewhere in a document, with the questions' first parameters. */
function answersOf(value: unknown, method: string): { first: unknown; result: unknown }[] {
  if (typeof value !== 'object' || value === null) return [];
  const { payload, response } = value as { payload?: unknown; response?: unknown };
  const own = [payload].flat().flatMap((question, i) => {
    const asked = question as { method?: string; params?: unknown[] } | undefined;
    const answer = [response].flat()[i] as { result?: unknown } | undefined;
    return asked?.method === method ? [{ first: asked.params?.[0], result: answer?.result }] : [];
  });
  return own.length > 0 ? own : Object.values(value).flatMap((inner) => answersOf(inner, method));
}

describe.skipIf(!hasData)(needsData('Ethereum state: real eth_getProof answers'), () => {
  it('the deposit contract with a slot, and a block’s producer', () => {
    const { block, proof, minerProof } = readJson<{ block: RpcObject; proof: Answer; minerProof: Answer }>(
      'eth-proofs/mainnet_getProof_deposit_contract.json',
    );
    const header = readEthereumHeader(encodeHeaderJson(block));
    expect(toHex(header.hash)).toBe(block.hash);
    for (const answer of [proof, minerProof]) {
      importAnswer('ethereum-mainnet', header, answer);
      refusedByField(header, answer);
    }
  });

  it.each([
    ['mainnet', 'eth_estimateGas_simple_transfer', 2, 2],
    ['sepolia', 'eth_getBalance_eoa', 1, 0],
    ['sepolia', 'eth_getTransactionCount', 1, 0],
    ['sepolia', 'eth_getCode', 1, 1],
  ])('%s %s: accounts and code', (network, name, accounts, codes) => {
    interface Document {
      readonly execution: { block: RpcObject };
      readonly request: { method: string; params: unknown[] };
      readonly response: { result: unknown };
      readonly dependentRequests: unknown;
    }
    const data = readJson<Document>(`eth-proofs/lodestar_${network}_${name}.json`);
    const header = readEthereumHeader(encodeHeaderJson(data.execution.block));
    const chain = `ethereum-${network}`;
    const proofs = answersOf(data.dependentRequests, 'eth_getProof').map(({ result }) => result as Answer);
    expect(proofs).toHaveLength(accounts);
    for (const answer of proofs) {
      importAnswer(chain, header, answer);
      refusedByField(header, answer);
    }
    const asked = { payload: data.request, response: data.response };
    const found = [...answersOf(asked, 'eth_getCode'), ...answersOf(data.dependentRequests, 'eth_getCode')];
    expect(found).toHaveLength(codes);
    for (const { first, result } of found) {
      const address = String(first).toLowerCase();
      const { accountNodes } = parseEip1186(
        JSON.stringify(proofs.find((answer) => answer.address.toLowerCase() === address)),
      );
      const prove = (code: Uint8Array) =>
        factsOf(chain, header, ProofKind.ethereumCode, buildCode(fromHex(address), accountNodes, code));
      const code = fromHex(String(result));
      expect(prove(code)).toMatchObject({ address, code: toHex(code) });
      const other = code.length === 0 ? Uint8Array.of(1) : code.slice(1);
      expect(flawOf(() => prove(other))).toBe('code-mismatch');
    }
  });

  it('an account of the genesis block, and the genuine absence of another', () => {
    interface Bare {
      readonly stateRoot: string;
      readonly address: string;
      readonly accountProof: readonly string[];
    }
    const of = ({ stateRoot, address, accountProof }: Bare) =>
      accountAt(fromHex(stateRoot), fromHex(address), hex(accountProof));
    const present = readJson<Bare>('eth-proofs/mainnet_genesis_account_proof.json');
    const absent = readJson<Bare>('eth-proofs/mainnet_genesis_account_exclusion.json');
    expect(of(present)).toMatchObject({ nonce: 0n });
    expect(of(absent)).toBeUndefined();
    const { accountProof } = absent;
    const wrong = [
      { ...present, accountProof },
      { ...absent, accountProof: present.accountProof },
      { ...absent, accountProof: accountProof.slice(0, -1) },
      { ...absent, accountProof: [...accountProof, present.accountProof.at(-1)!] },
      { ...absent, stateRoot: toHex(new Uint8Array(32)) },
    ];
    for (const one of wrong) expect(flawOf(() => of(one))).toBe('account-mismatch');
  });

  describe('deliberately wrong ones', () => {
    interface Rainbow {
      readonly header_data: string;
      readonly account_proof: readonly string[];
      readonly contract_address: string;
      readonly expected_account_state: string;
      readonly storage_key_hash: string;
      readonly storage_proof: readonly string[];
      readonly expected_storage_value: string;
    }
    const read = (variant: string) => readJson<Rainbow>(`eth-proofs/rainbow_storageProof${variant}.json`);
    /** The account under the header, as a proof about the block of that hash. */
    const account = (data: Rainbow, hash?: Uint8Array) => {
      const payload = buildAccount(fromHex(data.contract_address), hex(data.account_proof));
      const header = readEthereumHeader(fromHex(data.header_data));
      return factsOf('ethereum-mainnet', header, ProofKind.ethereumAccount, payload, hash);
    };
    /** The slot's value under the storage root of the account that the fixture expects. */
    const slot = (data: Rainbow) => {
      // [nonce, balance, storage root, code hash]: the root's 32 bytes end 33 before the end.
      const storageRoot = fromHex(data.expected_account_state).slice(-65, -33);
      const value = verifyTrieProof(storageRoot, fromHex(data.storage_key_hash), hex(data.storage_proof));
      return value && toHex(value).slice(2);
    };
    let good: Rainbow;
    let goodHash: Uint8Array;
    // Not while the suite is collected: the data may be missing.
    beforeAll(() => {
      good = read('');
      goodHash = keccak_256(fromHex(good.header_data));
    });

    it('the right one holds', () => {
      expect(account(good, goodHash)).toMatchObject({ exists: true });
      expect(slot(good)).toBe(good.expected_storage_value);
    });

    it('a wrong account proof is refused for the account alone', () => {
      const wrong = read('WithIncorrectAccountProof');
      expect(flawOf(() => account(wrong))).toBe('account-mismatch');
      expect(slot(wrong)).toBe(wrong.expected_storage_value);
    });

    it('a header that is right in nothing but its state root is refused for its hash alone', () => {
      const wrong = read('WithIncorrectHeaderExceptStateRoot');
      expect(flawOf(() => account(wrong, goodHash))).toBe('block-mismatch');
      expect(account(wrong)).toMatchObject({ exists: true });
      expect(slot(wrong)).toBe(wrong.expected_storage_value);
    });

    it('a wrong value is refused for the value alone: the nodes show another', () => {
      const wrong = read('WithIncorrectValue');
      expect(account(wrong)).toMatchObject({ exists: true });
      expect(slot(wrong)).toBe('01');
      expect(slot(wrong)).not.toBe(wrong.expected_storage_value);
    });

    it('none of them can show the slot to be absent', () => {
      for (const variant of [
        '',
        'WithIncorrectAccountProof',
        'WithIncorrectHeaderExceptStateRoot',
        'WithIncorrectValue',
      ]) {
        const data = read(variant);
        for (let cut = 0; cut < data.storage_proof.length; cut++)
          expect(() => slot({ ...data, storage_proof: data.storage_proof.slice(0, cut) })).toThrow(
            TrieProofError,
          );
      }
    });
  });
});
