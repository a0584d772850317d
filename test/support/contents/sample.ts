import { keccak_256 } from '@noble/hashes/sha3.js';
import { joinParts } from '../../../adapters/bitcoin/proofs/transaction.js';
import { manyOutputs } from '../../../adapters/bitcoin/testing/segwit.js';
import { integerBytes } from '../../../adapters/ethereum/rlp/read.js';
import { encodeRlp } from '../../../adapters/ethereum/rlp/rlp.js';
import { scriptKey } from '../../../indexers/store/contents/bitcoin.js';
import type {
  BitcoinContents,
  BitcoinTransactionRow,
  EthereumContents,
  EthereumTransactionRow,
} from '../../../indexers/store/contents/blockContents.js';
import { concatBytes } from '../../../proofs/bytes.js';

/** Numbers that look random and are always the same (xorshift128). */
export class Noise {
  readonly #state: Uint32Array;

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed | 1, 362436069, 521288629, 88675123);
    for (let i = 0; i < 16; i++) this.next();
  }

  /** 32 bits. */
  next(): number {
    const s = this.#state;
    const t = s[0]! ^ (s[0]! << 11);
    s[0] = s[1]!;
    s[1] = s[2]!;
    s[2] = s[3]!;
    s[3] = s[3]! ^ (s[3]! >>> 19) ^ t ^ (t >>> 8);
    return s[3]!;
  }

  below(limit: number): number {
    return this.next() % limit;
  }

  bytes(length: number): Uint8Array {
    const out = new Uint8Array(length);
    const view = new DataView(out.buffer);
    let at = 0;
    for (; at + 4 <= length; at += 4) view.setUint32(at, this.next());
    for (; at < length; at++) out[at] = this.next();
    return out;
  }
}

/** Bytes that depend on a kind and a number: an account, a script, a topic. */
export function named(kind: number, n: number, length: number): Uint8Array {
  return new Noise(kind * 0x9e3779b1 + n * 0x85ebca6b).bytes(length);
}

export function sampleScript(n: number): Uint8Array {
  return concatBytes(Uint8Array.of(0, 20), named(1, n, 20));
}

export interface SampleSize {
  readonly blocks: number;
  readonly transactions: number;
  /** Different scripts, or accounts. One in ten uses is of the first, as of an exchange or a token. */
  readonly parties: number;
}

/** Blocks of transactions with two inputs and two outputs each, in sizes like those of mainnet; spends are of outputs before. */
export function* bitcoinSample(
  chain: string,
  { blocks, transactions, parties }: SampleSize,
): Generator<BitcoinContents> {
  const noise = new Noise(7);
  const keys = new Map<number, { readonly script: Uint8Array; readonly scriptKey: bigint }>();
  const party = (n: number) => {
    const known = keys.get(n);
    if (known !== undefined) return known;
    const script = sampleScript(n);
    const made = { script, scriptKey: scriptKey(script) };
    keys.set(n, made);
    return made;
  };
  let txids: Uint8Array[] = [];
  for (let height = 1; height <= blocks; height++) {
    const rows = Array.from({ length: transactions }, (_, position): BitcoinTransactionRow => {
      const spend = (i: number) => {
        const back = height * transactions + position - 1 - ((position * 2 + i) % (transactions * 20));
        return { txid: txids[back % txids.length] ?? noise.bytes(32), vout: i, sequence: 0xfffffffd };
      };
      const inputs = [spend(0), spend(1)];
      const outputs = [0, 1].map(() => ({
        ...party(noise.below(10) === 0 ? 0 : noise.below(parties)),
        value: BigInt(noise.next()),
        kind: 'witness_v0_keyhash' as const,
      }));
      return {
        txid: noise.bytes(32),
        wtxid: noise.bytes(32),
        version: 2,
        lockTime: 0,
        coinbase: position === 0,
        weight: 832,
        inputs: position === 0 ? [] : inputs,
        outputs,
        value: outputs.reduce((sum, { value }) => sum + value, 0n),
        raw: witnessForm(inputs, outputs, noise),
      };
    });
    txids = [...rows.map(({ txid }) => txid), ...txids].slice(0, transactions * 20);
    const blockHash = named(2, height, 32);
    yield {
      kind: 'bitcoin',
      chain,
      number: height,
      height,
      blockHash,
      time: height * 600,
      transactions: rows,
    };
  }
}

/** A transaction with a signature and a key for each input (BIP144). */
function witnessForm(
  inputs: readonly { readonly txid: Uint8Array; readonly vout: number }[],
  outputs: readonly { readonly value: bigint; readonly script: Uint8Array }[],
  noise: Noise,
): Uint8Array {
  const stripped = manyOutputs(
    inputs.map(({ txid, vout }) => [txid, vout] as const),
    outputs.map(({ value, script }) => [value, script] as const),
  );
  const stack = () => [Uint8Array.of(2, 71), noise.bytes(71), Uint8Array.of(33), noise.bytes(33)];
  return joinParts({ stripped, witness: concatBytes(...inputs.flatMap(stack)) });
}

/** Blocks of transactions with two logs each: a transfer of one of fifty tokens, the first of them most often. */
export function* ethereumSample(
  chain: string,
  { blocks, transactions, parties }: SampleSize,
): Generator<EthereumContents> {
  const noise = new Noise(11);
  const accounts = Array.from({ length: parties }, (_, n) => named(3, n, 20));
  const tokens = Array.from({ length: 50 }, (_, n) => sampleToken(n));
  const events = Array.from({ length: 21 }, (_, n) => named(4, n, 32));
  const account = () => accounts[noise.below(parties)] ?? new Uint8Array(20);
  const word = (address: Uint8Array) => concatBytes(new Uint8Array(12), address);
  const pad = (size: number) => concatBytes(noise.bytes(4), new Uint8Array(28), noise.bytes(size - 32));
  for (let height = 1; height <= blocks; height++) {
    const rows = Array.from({ length: transactions }, (_, position): EthereumTransactionRow => {
      const from = account();
      const token = tokens[noise.below(3) === 0 ? 0 : noise.below(50)] ?? new Uint8Array(20);
      const input = pad(68);
      const raw = concatBytes(
        Uint8Array.of(2),
        encodeRlp([
          ...[1, height, 1_000_000_000, 2_000_000_000, 60_000].map(integerBytes),
          token,
          integerBytes(0),
          input,
          [],
          integerBytes(position % 2),
          noise.bytes(32),
          noise.bytes(32),
        ]),
      );
      const log = (topic: number) => ({
        address: token,
        topics: [events[topic] ?? new Uint8Array(32), word(from), word(account())],
        data: concatBytes(new Uint8Array(24), noise.bytes(8)),
      });
      return {
        hash: noise.bytes(32),
        type: 2,
        nonce: BigInt(height),
        from,
        to: token,
        created: undefined,
        value: 0n,
        gas: 60_000n,
        maxFeePerGas: 2_000_000_000n,
        maxPriorityFeePerGas: 1_000_000_000n,
        maxFeePerBlobGas: undefined,
        effectiveGasPrice: 2_000_000_000n,
        raw,
        succeeded: true,
        stateRoot: undefined,
        gasUsed: 52_000n,
        cumulativeGasUsed: 52_000n * BigInt(position + 1),
        logs: [log(0), log(1 + noise.below(20))],
      };
    });
    const blockHash = named(5, height, 32);
    yield {
      kind: 'ethereum',
      chain,
      number: height,
      height,
      blockHash,
      time: height * 12,
      transactions: rows,
    };
  }
}

/** One of the fifty contracts of `ethereumSample`. */
export function sampleToken(n: number): Uint8Array {
  return named(6, n, 20);
}

/** Address of an uncompressed public key (65 bytes). */
export function accountOf(uncompressed: Uint8Array): Uint8Array {
  return keccak_256(uncompressed.subarray(1)).slice(12);
}
