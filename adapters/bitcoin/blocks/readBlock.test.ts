import { expect, it } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import { joinParts } from '../proofs/transaction.js';
import { foreignHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { segwitBlock } from '../testing/segwit.js';
import { readBlock } from './readBlock.js';

const CHAIN = 'bitcoin-regtest';
const genesis = foreignHeader(bitcoinNetwork(CHAIN).genesisHeader, 0);
const { raw, parts } = segwitBlock(genesis, 5);
const hash = sha256d(raw.subarray(0, 80));
const empty = new Uint8Array(0);

/** The block with other witnesses: its header, and so its hash, stay. */
function withWitness(change: (witness: Uint8Array, index: number) => Uint8Array): Uint8Array {
  const changed = parts.map((one, i) => joinParts({ ...one, witness: change(one.witness, i) }));
  return concatBytes(raw.subarray(0, 80), Uint8Array.of(parts.length), ...changed);
}

it('takes a block whose witnesses are those that its coinbase commits to', () => {
  expect(withWitness((witness) => witness)).toEqual(raw);
  expect(readBlock(CHAIN, raw, hash).txids).toHaveLength(5);
});

it('refuses any other witness, of which the block’s hash knows nothing', () => {
  for (let index = 1; index < parts.length; index++) {
    const { witness } = parts[index]!;
    for (let at = 0; at < witness.length; at++) {
      const forged = withWitness((one, i) =>
        i === index ? one.map((byte, n) => (n === at ? byte ^ 1 : byte)) : one,
      );
      expect(() => readBlock(CHAIN, forged, hash), `witness ${index}, byte ${at}`).toThrow(
        /does not parse|commitment/,
      );
    }
  }
  const one = withWitness((witness, i) => (i === 1 ? empty : witness));
  expect(() => readBlock(CHAIN, one, hash)).toThrow('another witness commitment');
});

it('refuses another reserved value, and none where there are witnesses', () => {
  const other = withWitness((witness, i) =>
    i === 0 ? concatBytes(Uint8Array.of(1, 32), new Uint8Array(32)) : witness,
  );
  expect(() => readBlock(CHAIN, other, hash)).toThrow('another witness commitment');
  const none = withWitness((witness, i) => (i === 0 ? empty : witness));
  expect(() => readBlock(CHAIN, none, hash)).toThrow('no witness reserved value');
});

it('takes a block without any witness: what it is of cannot be told from it', () => {
  expect(
    readBlock(
      CHAIN,
      withWitness(() => empty),
      hash,
    ).txids,
  ).toHaveLength(5);
});

it('refuses witnesses in a block without commitment', () => {
  const bare = segwitBlock(genesis, 3, { outputs: () => [[50n, Uint8Array.of(0x51)]] });
  expect(() => readBlock(CHAIN, bare.raw, sha256d(bare.raw.subarray(0, 80)))).toThrow(
    'no witness commitment',
  );
});
