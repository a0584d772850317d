import { describe, expect, it } from 'vitest';
import { concatBytes, toBareHex, utf8, ZERO32 } from '../../../proofs/bytes.js';
import { Assurance } from '../../../proofs/containers/leaf.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import {
  block,
  displayed,
  flawOf,
  genesis,
  leaf,
  leafOf,
  prover,
  txid,
  verifierOf,
  verify,
} from '../testing/kinds.js';
import { mine, payToWitness } from '../testing/samples.js';
import { commitmentScript, dataScript, manyOutputs, segwitBlock } from '../testing/segwit.js';
import { BlockProver } from './build.js';
import { parentOf } from './merkle.js';
import { type BitcoinWitness, BitcoinWitnessType } from './payload.js';
import { joinParts } from './transaction.js';
import { compactSize } from './wire.js';

describe('witness proofs', () => {
  const payload = prover.proveWitness(txid(4));
  const value = BitcoinWitnessType.deserialize(payload);
  const changed = (change: Partial<BitcoinWitness>, under = leaf) => {
    try {
      verify(ProofKind.bitcoinWitness, BitcoinWitnessType.serialize({ ...value, ...change }), under);
      return 'accepted';
    } catch (error) {
      if (error instanceof ProofError) return `${error.flaw}: ${error.message}`;
      throw error;
    }
  };

  it('hold for every transaction but the coinbase, in blocks of any size', () => {
    for (const count of [2, 3, 4, 5, 8, 9, 13]) {
      const one = segwitBlock(genesis, count);
      const of = new BlockProver(one.raw);
      for (let place = 1; place < count; place++) {
        const { facts } = verify(
          ProofKind.bitcoinWitness,
          of.proveWitness(of.txids[place]!),
          leafOf(one.raw),
        );
        expect(facts).toMatchObject({
          index: place,
          wtxid: displayed(sha256d(joinParts(one.parts[place]!))),
        });
      }
      expect(() => of.proveWitness(of.txids[0]!)).toThrow(/coinbase/);
    }
    expect(() => prover.proveWitness(ZERO32)).toThrow(/not in the block/);
    const alone = new BlockProver(segwitBlock(genesis, 1).raw);
    expect(() => alone.proveWitness(alone.txids[0]!)).toThrow(/coinbase/);
  });

  it('are refused below the height at which segwit binds, where the height is known', () => {
    const check = (chain: string, height: number, assurance: number = Assurance.work) =>
      flawOf(() =>
        verifierOf(ProofKind.bitcoinWitness).verify(payload, { ...leaf, height, assurance }, chain),
      );
    for (const [chain, from] of [
      ['bitcoin-mainnet', 481824],
      ['bitcoin-testnet3', 834624],
      ['bitcoin-testnet4', 1],
      ['bitcoin-signet', 1],
    ] as const) {
      expect(check(chain, from - 1)).toBe('transaction-mismatch');
      expect(check(chain, from)).toBe('accepted');
      // Unanchored: no height is known.
      expect(check(chain, 0, 0)).toBe('accepted');
    }
    expect(check('bitcoin-regtest', 0)).toBe('accepted');
  });

  it('of a coinbase are refused', () => {
    const inclusion = BitcoinWitnessType.fields.inclusion.deserialize(prover.prove([txid(0)]));
    expect(changed({ inclusion, nodes: value.nodes.slice(0, 4) })).toMatch(/coinbase is not committed/);
  });

  it('bind the reserved value, the place, both trees and their depth', () => {
    const { inclusion, nodes, witness } = value;
    const other = BitcoinWitnessType.deserialize(prover.proveWitness(txid(5)));
    expect(changed({ reserved: ZERO32 })).toMatch(/another witness commitment/);
    expect(changed({ inclusion: other.inclusion })).toMatch(/^transaction-mismatch: .*another witness/);
    expect(changed({ witness: other.witness })).toMatch(/another witness commitment/);
    expect(changed({ witness: new Uint8Array(0) })).toMatch(/another witness commitment/);
    expect(changed({ nodes: inclusion.nodes })).toMatch(/another witness commitment/);
    expect(changed({ inclusion: { ...inclusion, nodes } })).toMatch(/does not lead to/);
    // One level less, or more, in the tree of wtxids alone.
    expect(changed({ nodes: nodes.slice(1) })).toMatch(/^non-canonical: Merkle proof lacks nodes/);
    expect(changed({ nodes: [...nodes, ZERO32] })).toMatch(/^non-canonical: 1 Merkle nodes too many/);
    const [only] = inclusion.transactions;
    expect(changed({ inclusion: { ...inclusion, transactions: [{ ...only!, index: 6 }] } })).toMatch(
      /does not lead to/,
    );
    expect(changed({ witness: concatBytes(witness, Uint8Array.of(0)) })).toMatch(/1 bytes after the witness/);
    expect(changed({ witness: witness.subarray(0, witness.length - 1) })).toMatch(/ends early/);
    expect(changed({ witness: Uint8Array.of(0, 0) })).toMatch(/has no witness/);
    expect(changed({ inclusion: { ...inclusion, transactions: [] } })).toMatch(/^malformed|no transaction/);
  });

  it('need the last output that has the form of a commitment', () => {
    const decoy = commitmentScript(ZERO32, ZERO32);
    const last = segwitBlock(genesis, 3, {
      outputs: (right) => [
        [0n, decoy],
        [0n, concatBytes(right, utf8('longer is a commitment too'))],
        [0n, right.subarray(0, 37)],
        [0n, dataScript(right.subarray(2))],
        [0n, dataScript(utf8('something else of some length, forty bytes'))],
      ],
    });
    const of = new BlockProver(last.raw);
    // The data script above is, byte for byte, a commitment: it is the last one.
    const payload2 = of.proveWitness(of.txids[2]!);
    expect(verify(ProofKind.bitcoinWitness, payload2, leafOf(last.raw)).facts.index).toBe(2);

    const notLast = segwitBlock(genesis, 3, {
      outputs: (right) => [
        [0n, right],
        [0n, decoy],
      ],
    });
    const refused = new BlockProver(notLast.raw);
    expect(() => refused.proveWitness(refused.txids[2]!)).toThrow(/another witness commitment/);
    expect(verdictOn(notLast.raw, 2)).toMatch(/another witness commitment/);
  });

  it('need a commitment and its reserved value', () => {
    const none = segwitBlock(genesis, 3, { outputs: () => [[50n, payToWitness(0)]] });
    const of = new BlockProver(none.raw);
    expect(() => of.proveWitness(of.txids[1]!)).toThrow(/no witness commitment/);
    expect(verdictOn(none.raw, 1)).toMatch(/no witness commitment/);
    for (const coinbaseWitness of [
      new Uint8Array(0),
      Uint8Array.of(1, 1, 1),
      concatBytes(Uint8Array.of(2, 32), ZERO32, Uint8Array.of(32), ZERO32),
    ]) {
      const bad = new BlockProver(segwitBlock(genesis, 3, { coinbaseWitness }).raw);
      expect(() => bad.proveWitness(bad.txids[1]!)).toThrow(/no witness reserved value/);
    }
  });

  it('refuse shapes of 64 bytes and of CVE-2012-2459', () => {
    // 60 bytes stripped, a marker and a flag, a stack of one empty item: 64 in all.
    const small = manyOutputs([[sha256d(utf8('in')), 0]], [[1n, new Uint8Array(0)]]);
    expect(small.length).toBe(60);
    const witness = Uint8Array.of(1, 0);
    const wtxid = sha256d(joinParts({ stripped: small, witness }));
    const root = parentOf(ZERO32, wtxid);
    const coinbase = manyOutputs(
      [[ZERO32, 0xffffffff]],
      [[0n, commitmentScript(root, ZERO32)]],
      Uint8Array.of(1, 1),
    );
    const merkleRoot = parentOf(sha256d(coinbase), sha256d(small));
    const header = mine({ parentHash: genesis.hash, time: genesis.time + 600, merkleRoot });
    const reserved = concatBytes(Uint8Array.of(1, 32), ZERO32);
    const raw = concatBytes(
      header,
      compactSize(2),
      joinParts({ stripped: coinbase, witness: reserved }),
      joinParts({ stripped: small, witness }),
    );
    const of = new BlockProver(raw);
    const whole = of.proveWitness(of.txids[1]!);
    expect(flawOf(() => verify(ProofKind.bitcoinWitness, whole, leafOf(raw)))).toBe('transaction-mismatch');
    // A right node of the tree of wtxids that repeats its left sibling: place 2 as place 3.
    const three = segwitBlock(genesis, 3);
    const twice = BitcoinWitnessType.deserialize(
      new BlockProver(three.raw).proveWitness(sha256d(three.parts[2]!.stripped)),
    );
    const [only] = twice.inclusion.transactions;
    const mutated = BitcoinWitnessType.serialize({
      ...twice,
      inclusion: { ...twice.inclusion, transactions: [{ ...only!, index: 3 }] },
    });
    expect(flawOf(() => verify(ProofKind.bitcoinWitness, mutated, leafOf(three.raw)))).toBe(
      'transaction-mismatch',
    );
  });

  it('are not made of a block that writes a witness form without a witness', () => {
    const [, second] = block.parts;
    const at = toBareHex(block.raw).indexOf(toBareHex(joinParts(second!))) / 2;
    const form = joinParts({ ...second!, witness: Uint8Array.of(0, 0) });
    const raw = concatBytes(
      block.raw.subarray(0, at),
      form,
      block.raw.subarray(at + joinParts(second!).length),
    );
    expect(() => new BlockProver(raw)).toThrow(MalformedInputError);
  });

  /** What the verifier says to a proof that the builder refused to make. */
  function verdictOn(raw: Uint8Array, place: number): string {
    const of = new BlockProver(raw);
    const inclusion = BitcoinWitnessType.fields.inclusion.deserialize(of.prove([of.txids[place]!]));
    const bare = segwitBlock(genesis, 3);
    const right = new BlockProver(bare.raw);
    const { nodes, witness, reserved } = BitcoinWitnessType.deserialize(
      right.proveWitness(right.txids[place]!),
    );
    try {
      verify(
        ProofKind.bitcoinWitness,
        BitcoinWitnessType.serialize({ inclusion, nodes, witness, reserved }),
        leafOf(raw),
      );
      return 'accepted';
    } catch (error) {
      return (error as ProofError).message;
    }
  }
});
