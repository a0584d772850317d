import { concatBytes, fromHex, utf8, ZERO32 } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { ForeignHeader } from '../../types.js';
import { merkleRows } from '../proofs/merkle.js';
import { joinParts, type TransactionParts } from '../proofs/transaction.js';
import { compactSize, uint32le, uint64le } from '../proofs/wire.js';
import { wtxidRows } from '../proofs/witness.js';
import { mine, payToWitness } from './samples.js';

/** A transaction of any inputs and outputs, stripped. For tests. */
export function manyOutputs(
  inputs: readonly (readonly [txid: Uint8Array, output: number])[],
  outputs: readonly (readonly [satoshi: bigint, script: Uint8Array])[],
  script: Uint8Array = new Uint8Array(0),
): Uint8Array {
  return concatBytes(
    uint32le(2),
    compactSize(inputs.length),
    ...inputs.flatMap(([txid, output]) => [
      txid,
      uint32le(output),
      compactSize(script.length),
      script,
      uint32le(0xffffffff),
    ]),
    compactSize(outputs.length),
    ...outputs.flatMap(([satoshi, out]) => [uint64le(satoshi), compactSize(out.length), out]),
    uint32le(0),
  );
}

/** OP_RETURN and one push of at most 75 bytes. */
export function dataScript(data: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(0x6a, data.length), data);
}

/** The output script of a witness commitment (BIP141). */
export function commitmentScript(root: Uint8Array, reserved: Uint8Array): Uint8Array {
  return concatBytes(fromHex('6a24aa21a9ed'), sha256d(concatBytes(root, reserved)));
}

export interface SegwitBlock {
  readonly raw: Uint8Array;
  readonly parts: readonly TransactionParts[];
  readonly reserved: Uint8Array;
}

/**
 * A mined regtest block with witnesses: a coinbase and `count - 1` transactions of two inputs and three outputs, the second
 * of which carries data; every third has no witness.
 * @param options.outputs of the coinbase, given the right commitment's script; by default a payment and it
 */
export function segwitBlock(
  parent: ForeignHeader,
  count: number,
  options: {
    readonly reserved?: Uint8Array;
    readonly coinbaseWitness?: Uint8Array;
    readonly outputs?: (commitment: Uint8Array) => readonly (readonly [bigint, Uint8Array])[];
  } = {},
): SegwitBlock {
  const reserved = options.reserved ?? sha256d(utf8('reserved'));
  const outputs =
    options.outputs ??
    ((commitment) =>
      [
        [50n, payToWitness(0)],
        [0n, commitment],
      ] as const);
  const others = Array.from({ length: count - 1 }, (_, i): TransactionParts => {
    const stripped = manyOutputs(
      [
        [sha256d(uint32le(i)), i],
        [sha256d(uint32le(i + 1000)), 1],
      ],
      [
        [BigInt(1000 + i), payToWitness(i + 1)],
        [0n, dataScript(utf8(`note ${i}`))],
        [BigInt(2000 + i), payToWitness(i + 2)],
      ],
    );
    // Two stacks: a signature and a key, as it were; and an empty one.
    const witness = concatBytes(Uint8Array.of(2, 3, i, 8, 9, 2, 7, 7), Uint8Array.of(0));
    return { stripped, witness: i % 3 === 2 ? new Uint8Array(0) : witness };
  });
  const empty = new Uint8Array(0);
  const root = wtxidRows([{ stripped: empty, witness: empty }, ...others]).at(-1)?.[0] ?? ZERO32;
  const coinbase: TransactionParts = {
    stripped: manyOutputs(
      [[ZERO32, 0xffffffff]],
      outputs(commitmentScript(root, reserved)),
      Uint8Array.of(1, 101),
    ),
    witness: options.coinbaseWitness ?? concatBytes(Uint8Array.of(1, 32), reserved),
  };
  const parts = [coinbase, ...others];
  const merkleRoot = merkleRows(parts.map((one) => sha256d(one.stripped))).at(-1)?.[0] ?? ZERO32;
  const header = mine({ parentHash: parent.hash, time: parent.time + 600, merkleRoot });
  return { raw: concatBytes(header, compactSize(count), ...parts.map(joinParts)), parts, reserved };
}
