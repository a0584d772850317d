import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toBareHex, utf8, ZERO32 } from '../../../proofs/bytes.js';
import { ProofKind } from '../../../proofs/containers/proof.js';
import { sha256d } from '../../../proofs/hash/hasher.js';
import type { Json } from '../../../proofs/verify/payload.js';
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
import { payToWitness, rawBlock, sampleTransactions } from '../testing/samples.js';
import { dataScript, manyOutputs } from '../testing/segwit.js';
import { BlockProver } from './build.js';
import { bitcoinPayloadVerifiers } from './index.js';
import { buildPart, type PartKind } from './part.js';
import { BitcoinPartType } from './payload.js';
import { dataPushes } from './script.js';
import { joinParts } from './transaction.js';

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
      [0, 2, 5].map((place) => displayed(txid(place))),
    );
  });

  it('of an output: outpoint, amount, script, type and address', () => {
    const claim = verify(...good['an output']!);
    expect(claim.facts).toEqual({
      outpoint: `${displayed(txid(10))}:0`,
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
    const spent = `${displayed(sha256d(Uint8Array.of(0xeb, 3, 0, 0)))}:1`;
    expect(claim.facts).toEqual({ spent, txid: displayed(txid(4)), input: 1 });
    expect(claim.summary).toBe(`input 1 of transaction ${displayed(txid(4))} spends ${spent}`);
  });

  it('of data: script, pushes, text', () => {
    const claim = verify(...good.data!);
    expect(claim.facts).toEqual({
      outpoint: `${displayed(txid(4))}:1`,
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
      txid: displayed(sha256d(parts.stripped)),
      wtxid: displayed(sha256d(joinParts(parts))),
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
