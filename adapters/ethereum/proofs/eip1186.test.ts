import { describe, expect, it } from 'vitest';
import { toHex, ZERO32 } from '../../../proofs/bytes.js';
import { LimitExceededError, MalformedInputError } from '../../../proofs/errors/input.js';
import { wordOf } from '../testing/chain.js';
import {
  block,
  NOBODY,
  nodesOf,
  ONLY_SLOT,
  PAYEE,
  SINGLE,
  SLOTS,
  storageOf,
  TOKEN,
} from '../testing/kinds.js';
import { checkEip1186, Eip1186Error, encodeEip1186, parseEip1186 } from './eip1186.js';
import { StoragePayloadType } from './storage.js';

const { stateRoot } = block.header;

interface Answer {
  address: string;
  accountProof: string[];
  balance: string;
  codeHash: string;
  nonce: string;
  storageHash: string;
  storageProof: { key: string; value: string; proof: string[] }[];
}

/** What a node would answer. */
function answerOf(address: Uint8Array, slots: readonly Uint8Array[] = []): Answer {
  const { accountNodes } = nodesOf(address);
  if (slots.length === 0) return JSON.parse(encodeEip1186(stateRoot, address, accountNodes)) as Answer;
  const { question, storageNodes } = StoragePayloadType.deserialize(storageOf(address, slots));
  return JSON.parse(encodeEip1186(stateRoot, address, accountNodes, question.slots, storageNodes)) as Answer;
}

const check = (answer: object) => checkEip1186(stateRoot, parseEip1186(JSON.stringify(answer)));
const fieldOf = (answer: object) => {
  try {
    check(answer);
    return 'good';
  } catch (error) {
    if (!(error instanceof Eip1186Error)) throw error;
    return error.field;
  }
};

describe('eth_getProof answers', () => {
  const empty = wordOf('empty');

  it('are written as nodes do and read back, slot by slot, alone or as a JSON-RPC result', () => {
    const answer = answerOf(TOKEN, [SLOTS[4]!, SLOTS[7]!, empty]);
    expect(answer).toMatchObject({ address: toHex(TOKEN), nonce: '0x1', balance: '0x0' });
    const { account, slots } = check({ jsonrpc: '2.0', id: 1, result: answer });
    expect(account?.nonce).toBe(1n);
    expect(slots).toEqual(
      [...nodesOf(TOKEN, [SLOTS[4]!, SLOTS[7]!, empty]).slots].sort((a, b) =>
        toHex(a.key) < toHex(b.key) ? -1 : 1,
      ),
    );
    for (const slot of answer.storageProof)
      expect(BigInt(slot.value)).toBe(
        slot.key === toHex(SLOTS[4]!) ? 5n << 100n : slot.key === toHex(SLOTS[7]!) ? 8n << 100n : 0n,
      );
  });

  it('take keys as numbers, and the empty root that some nodes answer', () => {
    const answer = answerOf(PAYEE, [ZERO32]);
    const [slot] = answer.storageProof;
    expect(slot!.proof).toEqual([]);
    expect(fieldOf({ ...answer, storageProof: [{ ...slot, key: '0x0', proof: ['0x80'] }] })).toBe('good');
    const single = answerOf(SINGLE, [empty]);
    const [other] = single.storageProof;
    expect(fieldOf({ ...single, storageProof: [{ ...other, proof: ['0x80'] }] })).toBe(
      'storageProof[0].proof',
    );
  });

  it('may write a list without entries as null, as some nodes do', () => {
    expect(fieldOf({ ...answerOf(TOKEN), storageProof: null })).toBe('good');
    const answer = answerOf(PAYEE, [ZERO32]);
    expect(fieldOf({ ...answer, storageProof: [{ ...answer.storageProof[0], proof: null }] })).toBe('good');
    const full = answerOf(TOKEN, [SLOTS[0]!]);
    expect(fieldOf({ ...full, storageProof: [{ ...full.storageProof[0], proof: null }] })).toBe(
      'storageProof[0].proof',
    );
  });

  it('that are the node’s refusal are told in its words', () => {
    const refusal = (error: unknown) => () => parseEip1186(JSON.stringify({ jsonrpc: '2.0', id: 1, error }));
    expect(refusal({ code: -32000, message: 'missing trie node' })).toThrow(
      /is the node’s refusal: missing trie node \(-32000\)/,
    );
    for (const error of ['no', 7, { message: 'x'.repeat(1000) }, []])
      expect(refusal(error)).toThrow(MalformedInputError);
    expect(() => parseEip1186('{"result":null}')).toThrow(/does not have that block/);
  });

  it('of an account that is not there say nothing, in either spelling of it', () => {
    const answer = answerOf(NOBODY, [ONLY_SLOT]);
    expect(check(answer).account).toBeUndefined();
    expect(fieldOf({ ...answer, codeHash: toHex(ZERO32), storageHash: toHex(ZERO32) })).toBe('good');
    // One that is there has no second spelling.
    expect(fieldOf({ ...answerOf(PAYEE), codeHash: toHex(ZERO32) })).toBe('codeHash');
    expect(fieldOf({ ...answerOf(PAYEE), storageHash: toHex(ZERO32) })).toBe('storageHash');
  });

  it('whose fields say something else than the nodes show are refused by that field', () => {
    const good = answerOf(TOKEN, [SLOTS[0]!, empty]);
    expect(fieldOf(good)).toBe('good');
    const nobody = answerOf(NOBODY);
    const change = (changes: Partial<Answer>, of = good) => fieldOf({ ...of, ...changes });
    expect(change({ balance: '0x1' })).toBe('balance');
    expect(change({ nonce: '0x2' })).toBe('nonce');
    expect(change({ codeHash: toHex(wordOf('x')) })).toBe('codeHash');
    expect(change({ storageHash: toHex(wordOf('x')) })).toBe('storageHash');
    expect(change({ address: toHex(PAYEE) })).toBe('accountProof');
    expect(change({ accountProof: good.accountProof.slice(1) })).toBe('accountProof');
    expect(change({ accountProof: [...good.accountProof, good.accountProof[0]!] })).toBe('accountProof');
    expect(change({ accountProof: nobody.accountProof })).toBe('accountProof');
    for (const field of ['balance', 'nonce'] as const) expect(change({ [field]: '0x1' }, nobody)).toBe(field);
    const slot = (at: number, changes: Partial<Answer['storageProof'][0]>) =>
      change({ storageProof: good.storageProof.with(at, { ...good.storageProof[at]!, ...changes }) });
    const present = good.storageProof.findIndex(({ value }) => value !== '0x0');
    const absent = 1 - present;
    expect(slot(present, { value: '0x0' })).toBe(`storageProof[${present}].value`);
    expect(slot(absent, { value: '0x1' })).toBe(`storageProof[${absent}].value`);
    expect(slot(absent, { proof: [] })).toBe(`storageProof[${absent}].proof`);
    expect(slot(present, { key: toHex(SLOTS[1]!) })).toBe(`storageProof[${present}].proof`);
    expect(slot(present, { proof: good.storageProof[absent]!.proof })).toBe(`storageProof[${present}].proof`);
  });

  it('that are something else are malformed', () => {
    const good = answerOf(TOKEN, [SLOTS[0]!]);
    const read = (value: unknown) => () => parseEip1186(JSON.stringify(value));
    for (const value of [null, [], 'x', {}, { result: null }, { result: [] }])
      expect(read(value)).toThrow(MalformedInputError);
    for (const field of Object.keys(good)) {
      const { [field as keyof Answer]: _, ...rest } = good;
      expect(read(rest), field).toThrow(MalformedInputError);
      const others = field === 'storageProof' ? [] : [null];
      for (const bad of [5, ...others, {}, 'zz', '0xzz', `0x${'1'.repeat(65)}`])
        expect(read({ ...good, [field]: bad }), `${field} ${bad}`).toThrow(MalformedInputError);
    }
    expect(read({ ...good, storageProof: [5] })).toThrow(MalformedInputError);
    expect(read({ ...good, accountProof: ['00'] })).toThrow(MalformedInputError);
    expect(() => parseEip1186('{')).toThrow(/not JSON/);
    expect(() => parseEip1186(' '.repeat(2 ** 24 + 1))).toThrow(LimitExceededError);
    const many = { ...good, storageProof: Array.from({ length: 1025 }, () => good.storageProof[0]) };
    expect(read(many)).toThrow(LimitExceededError);
  });
});
