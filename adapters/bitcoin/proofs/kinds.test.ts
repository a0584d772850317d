import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, reversed, toBareHex, utf8, ZERO32 } from '../../../proofs/bytes.js';
import { LeafType } from '../../../proofs/containers/leaf.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { MalformedInputError } from '../../../proofs/errors/input.js';
import { ProofError } from '../../../proofs/errors/proof.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { Json, PayloadVerifier } from '../../../proofs/verify/payload.js';
import { foreignHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { mine, payToWitness, rawBlock, sampleTransactions } from '../testing/samples.js';
import { commitmentScript, dataScript, manyOutputs, segwitBlock } from '../testing/segwit.js';
import { BlockProver } from './build.js';
import { bitcoinPayloadVerifiers } from './index.js';
import { parentOf } from './merkle.js';
import { buildPart, type PartKind } from './part.js';
import { BitcoinPartType, type BitcoinWitness, BitcoinWitnessType } from './payload.js';
import { dataPushes } from './script.js';
import { joinParts } from './transaction.js';
import { compactSize } from './wire.js';

const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
const block = segwitBlock(genesis, 11);
const prover = new BlockProver(block.raw);
const leafOf = (raw: Uint8Array) => ({ ...LeafType.defaultValue(), transactionsRoot: raw.slice(36, 68) });
const leaf = leafOf(block.raw);
const txid = (index: number) => prover.txids[index]!;
const hex = (hash: Uint8Array) => toBareHex(reversed(hash));
const verifierOf = (kind: number): PayloadVerifier =>
  bitcoinPayloadVerifiers.find((one) => one.kind === kind)!;
const verify = (kind: number, payload: Uint8Array, under = leaf) =>
  verifierOf(kind).verify(payload, under, 'bitcoin-regtest');
const part = (kind: PartKind, place: number, index: number) =>
  buildPart(kind, prover.prove([txid(place)]), index);

const good: Record<string, [kind: number, payload: Uint8Array]> = {
  transactions: [ProofKind.bitcoinTransactions, prover.prove([txid(2), txid(5), txid(0)])],
  'a transaction with witness': [ProofKind.bitcoinWitness, prover.proveWitness(txid(4))],
  'a transaction without one': [ProofKind.bitcoinWitness, prover.proveWitness(txid(3))],
  'an output': [ProofKind.bitcoinOutput, part(ProofKind.bitcoinOutput, 10, 0)],
  'an output of data': [ProofKind.bitcoinOutput, part(ProofKind.bitcoinOutput, 4, 1)],
  'a spend': [ProofKind.bitcoinSpend, part(ProofKind.bitcoinSpend, 4, 1)],
  data: [ProofKind.bitcoinData, part(ProofKind.bitcoinData, 4, 1)],
};

function flawOf(check: () => unknown): string {
  try {
    check();
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    return error.flaw;
  }
}

describe.each(Object.entries(good))('a proof of %s', (_, [kind, payload]) => {
  const { toJson, fromJson } = verifierOf(kind);

  it('holds, in SSZ as in JSON', () => {
    expect(verify(kind, payload).summary).not.toBe('');
    expect(toBareHex(fromJson(JSON.parse(JSON.stringify(toJson(payload)))))).toBe(toBareHex(payload));
  });

  it('is refused after any change of a byte, cut off, or prolonged', () => {
    for (let at = 0; at < payload.length; at++) {
      for (const bits of [1, 2, 0x80, 0xff]) {
        const bad = payload.slice();
        bad[at]! ^= bits;
        expect(flawOf(() => verify(kind, bad))).not.toBe('accepted');
      }
      expect(flawOf(() => verify(kind, payload.subarray(0, at)))).not.toBe('accepted');
    }
    expect(flawOf(() => verify(kind, concatBytes(payload, ZERO32)))).not.toBe('accepted');
  });

  it('is refused as JSON after any change of a character', () => {
    const text = JSON.stringify(toJson(payload));
    for (let at = 0; at < text.length; at++) {
      for (const other of ['0', '1', 'f', 'A', ' ', '"', '-']) {
        if (other === text[at]) continue;
        let json: Json;
        try {
          json = JSON.parse(text.slice(0, at) + other + text.slice(at + 1));
        } catch {
          continue;
        }
        // White space around a number is free, and the reader of files refuses other spellings.
        if (JSON.stringify(json) === text) continue;
        expect(flawOf(() => verify(kind, fromJson(json)))).not.toBe('accepted');
      }
    }
  });

  it('is none for a verifier of another kind, another block or an unknown chain', () => {
    for (const other of bitcoinPayloadVerifiers) {
      const same = [ProofKind.bitcoinInclusion, ProofKind.bitcoinTransactions] as number[];
      if (other.kind === kind || (same.includes(kind) && same.includes(other.kind))) continue;
      expect(flawOf(() => verify(other.kind, payload))).not.toBe('accepted');
    }
    expect(flawOf(() => verify(kind, payload, leafOf(genesis.raw)))).toBe('transaction-mismatch');
    expect(flawOf(() => verifierOf(kind).verify(payload, leaf, 'bitcoin-x'))).toBe('unknown-chain');
  });
});

describe('what is claimed', () => {
  it('of several transactions: each', () => {
    const claim = verify(...good.transactions!);
    expect(claim.summary).toBe('3 transactions');
    expect((claim.facts.transactions as { txid: string }[]).map((one) => one.txid)).toEqual(
      [0, 2, 5].map((place) => hex(txid(place))),
    );
  });

  it('of an output: outpoint, amount, script, type and address', () => {
    const claim = verify(...good['an output']!);
    expect(claim.facts).toEqual({
      outpoint: `${hex(txid(10))}:0`,
      amount: '1009',
      script: toBareHex(payToWitness(10)),
      type: 'witness_v0_keyhash',
      address: expect.stringMatching(/^bcrt1q/),
    });
    expect(claim.summary).toContain('0.00001009 BTC to bcrt1q');
    expect(verify(...good['an output of data']!).facts).toMatchObject({ amount: '0', type: 'nulldata' });
  });

  it('of a spend: what is spent, by which input of what', () => {
    const claim = verify(...good['a spend']!);
    const spent = `${hex(sha256d(Uint8Array.of(0xeb, 3, 0, 0)))}:1`;
    expect(claim.facts).toEqual({ spent, txid: hex(txid(4)), input: 1 });
    expect(claim.summary).toBe(`input 1 of transaction ${hex(txid(4))} spends ${spent}`);
  });

  it('of data: script, pushes, text', () => {
    const claim = verify(...good.data!);
    expect(claim.facts).toEqual({
      outpoint: `${hex(txid(4))}:1`,
      amount: '0',
      script: toBareHex(dataScript(utf8('note 3'))),
      pushes: [{ opcode: 6, data: toBareHex(utf8('note 3')) }],
      data: toBareHex(utf8('note 3')),
      text: 'note 3',
    });
    expect(claim.summary).toMatch(/^data "note 3" in output 1 of/);
  });

  it('of a witness: wtxid and stacks', () => {
    const parts = block.parts[4]!;
    expect(verify(...good['a transaction with witness']!).facts).toMatchObject({
      txid: hex(sha256d(parts.stripped)),
      wtxid: hex(sha256d(joinParts(parts))),
      fullSize: joinParts(parts).length,
      witness: [['030809', '0707'], []],
    });
    const { facts } = verify(...good['a transaction without one']!);
    expect(facts).toMatchObject({ wtxid: facts.txid, witness: [] });
  });
});

describe('parts', () => {
  const kinds: PartKind[] = [ProofKind.bitcoinOutput, ProofKind.bitcoinSpend, ProofKind.bitcoinData];

  it.each(kinds)('of kind %i: another place than the one that the proof is about is refused', (kind) => {
    const value = BitcoinPartType.deserialize(part(kind, 4, 1));
    for (const index of [0, 2, 3, 2 ** 32 - 1]) {
      const bad = BitcoinPartType.serialize({ ...value, index });
      expect(flawOf(() => verify(kind, bad))).toBe('transaction-mismatch');
    }
    for (const other of kinds) {
      const { id } = BitcoinPartType.deserialize(part(other, 4, 1));
      const bad = BitcoinPartType.serialize({ ...value, id });
      if (other !== kind) expect(flawOf(() => verify(kind, bad))).toBe('transaction-mismatch');
    }
    const { inclusion } = BitcoinPartType.deserialize(part(kind, 5, 1));
    expect(flawOf(() => verify(kind, BitcoinPartType.serialize({ ...value, inclusion })))).toBe(
      'transaction-mismatch',
    );
  });

  it('are of one transaction only', () => {
    const two = prover.prove([txid(1), txid(2)]);
    expect(() => buildPart(ProofKind.bitcoinOutput, two, 0)).toThrow(/exactly one transaction/);
    const value = BitcoinPartType.deserialize(part(ProofKind.bitcoinOutput, 4, 1));
    const inclusion = BitcoinPartType.fields.inclusion.deserialize(two);
    const bad = BitcoinPartType.serialize({ ...value, inclusion });
    expect(flawOf(() => verify(ProofKind.bitcoinOutput, bad))).toBe('malformed');
  });

  it('of a coinbase: it has outputs, and spends nothing', () => {
    expect(verify(ProofKind.bitcoinOutput, part(ProofKind.bitcoinOutput, 0, 0)).facts.amount).toBe('50');
    expect(() => part(ProofKind.bitcoinSpend, 0, 0)).toThrow(/spends nothing/);
    expect(() => part(ProofKind.bitcoinOutput, 4, 3)).toThrow(/3 outputs, not one at index 3/);
    expect(() => part(ProofKind.bitcoinSpend, 4, 2)).toThrow(/2 inputs, not one at index 2/);
    expect(() => part(ProofKind.bitcoinData, 4, 0)).toThrow(/OP_RETURN/);
  });

  it('of a block with nothing but a coinbase', () => {
    const [coinbase] = sampleTransactions(1);
    const raw = rawBlock(genesis, [coinbase!]);
    const alone = new BlockProver(raw).prove([sha256d(coinbase!)]);
    const claim = verify(ProofKind.bitcoinOutput, buildPart(ProofKind.bitcoinOutput, alone, 0), leafOf(raw));
    expect(claim.facts.amount).toBe('50000000');
  });
});

describe('data scripts', () => {
  const read = (script: string) => dataPushes(Uint8Array.from(Buffer.from(script, 'hex')));
  const shown = (script: string) =>
    read(script).map(({ opcode, data }) => `${opcode.toString(16)}:${toBareHex(data)}`);

  it('push in every way that there is, shown as it is', () => {
    expect(shown('6a')).toEqual([]);
    expect(shown('6a00')).toEqual(['0:']);
    expect(shown('6a02abcd')).toEqual(['2:abcd']);
    expect(shown('6a4c01ab4d0100cd4e01000000ef')).toEqual(['4c:ab', '4d:cd', '4e:ef']);
    expect(shown('6a4f5160')).toEqual(['4f:81', '51:01', '60:10']);
  });

  it.each(['6a02ab', '6a50', '6a61', '6aac', '6a4c', '6a4c02ff', '6a4effffffff00', '6a4d01', ''])(
    'are refused where something else follows: %s',
    (script) => expect(flawOf(() => read(script))).toBe('transaction-mismatch'),
  );

  it('never take longer than their bytes, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        const script = concatBytes(Uint8Array.of(0x6a), noise);
        flawOf(() => dataPushes(script));
      }),
    );
  });

  it.each([
    ['a tab', Uint8Array.of(9)],
    ['text that turns about', utf8('a\u202eb')],
    ['half a letter', Uint8Array.of(0xc3)],
    ['an escape', Uint8Array.of(0x1b, 0x5b, 0x41)],
    ['nothing', new Uint8Array(0)],
  ])('are not shown as text: %s', (_, data) => {
    const { facts, summary } = claimOfData(data);
    expect(facts.text).toBeUndefined();
    expect(facts.data).toBe(toBareHex(data));
    expect(summary).toMatch(/^\d bytes of data/);
  });

  it('are shown as text in any script that is written', () => {
    expect(claimOfData(utf8('grüße 你好 ₿')).facts.text).toBe('grüße 你好 ₿');
  });

  function claimOfData(data: Uint8Array) {
    const [coinbase] = sampleTransactions(1);
    const carrier = manyOutputs([[sha256d(data), 0]], [[0n, dataScript(data)]]);
    const raw = rawBlock(genesis, [coinbase!, carrier]);
    const inclusion = new BlockProver(raw).prove([sha256d(carrier)]);
    return verify(ProofKind.bitcoinData, buildPart(ProofKind.bitcoinData, inclusion, 0), leafOf(raw));
  }
});

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
        expect(facts).toMatchObject({ index: place, wtxid: hex(sha256d(joinParts(one.parts[place]!))) });
      }
      expect(() => of.proveWitness(of.txids[0]!)).toThrow(/coinbase/);
    }
    expect(() => prover.proveWitness(ZERO32)).toThrow(/not in the block/);
    const alone = new BlockProver(segwitBlock(genesis, 1).raw);
    expect(() => alone.proveWitness(alone.txids[0]!)).toThrow(/coinbase/);
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
