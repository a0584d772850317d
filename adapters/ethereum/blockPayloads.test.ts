import { describe, expect, it } from 'vitest';
import { toHex } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { LimitExceededError, MalformedInputError } from '../../proofs/errors/input.js';
import { type BlockData, type PayloadParameters, ProofKindError } from '../payloadBuilder.js';
import { payloadBuilders } from '../registry.js';
import { parseEthereumAddress } from './address.js';
import { checkEip1186, Eip1186Error, parseEip1186 } from './proofs/eip1186.js';
import { addressOf, leafOfHeader, logOf, type SampleBlock, sampleBlockOn, wordOf } from './testing/chain.js';
import { block, CODE, NOBODY, PAYEE, SLOTS, state, TOKEN, verify } from './testing/kinds.js';

const CHAIN = 'ethereum-local';
const KIND = 2;

/** Three blocks on top of the sample's. */
const blocks: SampleBlock[] = [block];
for (const logs of [[], [logOf('token', ['Transfer'])], [logOf('other', ['Transfer'])]])
  blocks.push(sampleBlockOn(blocks.at(-1)!.header, { transactions: [{ logs }], state }));

const asked: string[] = [];
const data: BlockData = {
  header: async (height) => blocks.find(({ header }) => header.height === height)?.header,
  async block(hash) {
    const found = blocks.find(({ header }) => toHex(header.hash) === toHex(hash));
    if (found === undefined) throw new Error('no such block');
    asked.push(`block ${found.header.height}`);
    return found;
  },
  account: async (address, slots) => state.prove(block.header, address, slots),
  async code(address) {
    asked.push('code');
    return state.code(address);
  },
};

async function prove(aspect: string, parameters: PayloadParameters = {}, of = block) {
  const question = { aspect, parameters, chain: CHAIN, header: of.header, data };
  const { kind, payload } = await payloadBuilders.buildOfBlock(KIND, question);
  return verify(kind, payload, leafOfHeader(of.header));
}
const facts = async (...question: Parameters<typeof prove>) => (await prove(...question)).facts;

describe('questions about a block', () => {
  it('of its state are answered from the nodes of a source', async () => {
    expect(await facts('account', { address: toHex(PAYEE) })).toMatchObject({ exists: true, nonce: '3' });
    expect(await facts('account', { address: toHex(NOBODY) })).toMatchObject({ exists: false });
    const several = await facts('account', { address: `${toHex(NOBODY)},${toHex(PAYEE)}` });
    expect(several.accounts).toHaveLength(2);
    const slots = [toHex(SLOTS[2]!), '7', '0x07', `0x${'0'.repeat(63)}7`];
    const { storage } = await facts('storage', { address: toHex(TOKEN), slot: slots });
    // Three spellings of one slot.
    expect(storage).toHaveLength(2);
    asked.length = 0;
    expect(await facts('code', { address: toHex(TOKEN) })).toMatchObject({ code: toHex(CODE) });
    expect(asked).toEqual(['code']);
    // Where the account shows that there is none, nobody is asked for it.
    expect(await facts('code', { address: toHex(PAYEE) })).toMatchObject({ code: '0x' });
    expect(asked).toEqual(['code']);
  });

  it('of its lists', async () => {
    expect(await facts('count')).toEqual({ list: 'transactions', count: 20 });
    expect(await facts('count', { list: 'withdrawals' })).toEqual({ list: 'withdrawals', count: 16 });
    expect(await facts('withdrawal', { withdrawal: 3 })).toMatchObject({ position: 3, exists: true });
    expect(await facts('withdrawal', { withdrawal: 16 })).toMatchObject({ exists: false });
    const before = { ...block, withdrawals: undefined };
    const bare = { ...data, block: async () => before as never };
    const question = { aspect: 'withdrawal', parameters: { withdrawal: 0 }, chain: CHAIN };
    await expect(
      payloadBuilders.buildOfBlock(KIND, { ...question, header: block.header, data: bare }),
    ).rejects.toThrow(/knows no withdrawals/);
  });

  it('of logs read only the blocks whose headers do not decide', async () => {
    asked.length = 0;
    const address = `${toHex(addressOf('token'))},${toHex(addressOf('silent'))}`;
    const range = await facts('logs', { address, fromBlock: block.header.height + 1 }, blocks[3]);
    expect(range).toMatchObject({
      from: 101,
      to: 103,
      count: 1,
      logs: [{ block: 102, index: 0, logIndex: 0 }],
    });
    expect(asked).toEqual(['block 102']);
    const topic = ['any', `${toHex(wordOf('from 5'))},${toHex(wordOf('from 6'))}`];
    expect(await facts('logs', { topic })).toMatchObject({
      count: 4,
      topics: [[], [expect.any(String), expect.any(String)]],
    });
    expect(await facts('logs', { topic: ['any'], address: toHex(NOBODY) })).toMatchObject({ count: 0 });
  });

  it.each<[string, PayloadParameters, RegExp]>([
    ['account', {}, /address of an account is needed/],
    ['account', { address: 'x' }, /does not begin with 0x/],
    ['account', { address: '0x00' }, /has 1 bytes/],
    ['account', { address: `${toHex(PAYEE)},${toHex(PAYEE)}` }, /twice/],
    ['storage', { address: `${toHex(PAYEE)},${toHex(TOKEN)}`, slot: ['1'] }, /not hex/],
    ['storage', { address: toHex(TOKEN) }, /needs a slot/],
    ['storage', { address: toHex(TOKEN), slot: ['-1'] }, /number of at most 256 bits/],
    ['storage', { address: toHex(TOKEN), slot: [`${2n ** 256n}`] }, /number of at most 256 bits/],
    ['withdrawal', {}, /needs the place/],
    ['count', { list: 'uncles' }, /has transactions and withdrawals/],
    ['logs', { topic: ['x'] }, /is any, or hex/],
    ['logs', { topic: ['0x00'] }, /has 1 bytes/],
    ['logs', { fromBlock: 101 }, /comes after the last/],
    ['logs', { fromBlock: 98 }, /height 99 is not known/],
    ['account', { slot: ['1'] }, /does not go with kind=account/],
    ['tx', {}, /about a transaction, not about a block/],
    ['nonsense', {}, /offers tx/],
  ])('%s %j is refused', async (aspect, parameters, message) => {
    await expect(prove(aspect, parameters)).rejects.toThrow(ProofKindError);
    await expect(prove(aspect, parameters)).rejects.toThrow(message);
  });

  it('of more than fits are refused', async () => {
    const far = { ...block, header: { ...block.header, height: 5000 } };
    await expect(prove('logs', { fromBlock: 100 }, far)).rejects.toThrow(LimitExceededError);
    await expect(prove('logs', { topic: ['any', 'any', 'any', 'any', 'any'] })).rejects.toThrow(
      LimitExceededError,
    );
  });

  it('of logs stop reading once no proof could hold them', async () => {
    const big = logOf('token', [], 'x'.repeat(2 ** 20));
    const long: SampleBlock[] = [block];
    for (let i = 0; i < 40; i++)
      long.push(sampleBlockOn(long.at(-1)!.header, { transactions: [{ logs: [big] }] }));
    let read = 0;
    const counted: BlockData = {
      ...data,
      header: async (height) => long.find(({ header }) => header.height === height)?.header,
      async block(hash) {
        read++;
        return long.find(({ header }) => toHex(header.hash) === toHex(hash))!;
      },
    };
    const parameters = { address: toHex(addressOf('token')), fromBlock: 101 };
    const { header } = long.at(-1)!;
    const question = { aspect: 'logs', parameters, chain: CHAIN, header, data: counted };
    await expect(payloadBuilders.buildOfBlock(KIND, question)).rejects.toThrow(/ask for fewer blocks/);
    expect(read).toBeLessThan(20);
  });

  it('can be answered as eth_getProof does', async () => {
    const file = (parameters: PayloadParameters, format = 'eip1186', aspect = 'storage') =>
      payloadBuilders.stateFile(KIND, {
        format,
        aspect,
        parameters,
        chain: CHAIN,
        header: block.header,
        data,
      });
    const { type, text } = await file({ address: toHex(TOKEN), slot: [toHex(SLOTS[0]!), '5'] });
    expect(type).toBe('application/json');
    const read = parseEip1186(text);
    expect(checkEip1186(block.header.stateRoot, read).slots).toHaveLength(2);
    const account = await file({ address: toHex(NOBODY) }, 'eip1186', 'account');
    expect(checkEip1186(block.header.stateRoot, parseEip1186(account.text)).account).toBeUndefined();
    await expect(file({ address: toHex(TOKEN) }, 'xml')).rejects.toThrow(
      'format=xml: ethereum-local offers eip1186',
    );
    await expect(
      payloadBuilders.stateFile(1, {
        format: 'eip1186',
        aspect: 'tx',
        parameters: {},
        chain: 'bitcoin-regtest',
        header: block.header,
        data,
      }),
    ).rejects.toThrow(/offers no state/);
    await expect(
      payloadBuilders.buildOfBlock(1, {
        aspect: 'tx',
        parameters: {},
        chain: 'bitcoin-regtest',
        header: block.header,
        data,
      }),
    ).rejects.toThrow(/about a transaction, not about a block/);
  });
});

describe('what a node answered of a block’s state', () => {
  const read = (text: string, chain = CHAIN, code = KIND, format = 'eip1186') => {
    const { kind, payload } = payloadBuilders.readState(code, { chain, format, text, header: block.header });
    return verify(kind, payload).facts;
  };
  const answer = (address: Uint8Array, slots: readonly Uint8Array[] = []) => {
    const parameters = {
      address: toHex(address),
      ...(slots.length > 0 ? { slot: slots.map((slot) => toHex(slot)) } : {}),
    };
    const aspect = slots.length > 0 ? 'storage' : 'account';
    const request = { format: 'eip1186', aspect, parameters, chain: CHAIN, header: block.header, data };
    return payloadBuilders.stateFile(KIND, request);
  };

  it('becomes a payload once it holds', async () => {
    expect(read((await answer(PAYEE)).text)).toMatchObject({ exists: true, nonce: '3' });
    const { text } = await answer(TOKEN, SLOTS.slice(0, 2));
    expect(read(text).storage).toHaveLength(2);
    expect(() => read(text.replace('"nonce":"0x1"', '"nonce":"0x2"'))).toThrow(Eip1186Error);
    expect(() => read('x')).toThrow(ProofKindError);
    expect(() => read(text, CHAIN, KIND, 'xml')).toThrow(/offers eip1186/);
    expect(() => read(text, 'bitcoin-regtest', 1)).toThrow(/offers no state/);
  });
});

describe('questions about transactions', () => {
  const build = (aspect: string, index: number, parameters: PayloadParameters = {}) =>
    payloadBuilders.build(KIND, { aspect, parameters, chain: CHAIN, block, index });
  const hash = (at: number) => toHex(block.transactionHashes[at]!);

  it('several of them, their receipts and logs, in one proof', () => {
    const also = [`${hash(5)}:receipt`, `${hash(5)}:log:1`, hash(2), `${hash(9)}:tx`];
    const { kind, payload } = build('txs', 5, { part: 'log:0', also });
    expect(kind).toBe(ProofKind.ethereumSeveral);
    const { items } = verify(kind, payload).facts;
    expect((items as { index: number }[]).map(({ index }) => index)).toEqual([2, 5, 5, 5, 9]);
    const log = build('block-log', 5, { log: 1 });
    expect(verify(log.kind, log.payload).facts).toMatchObject({ index: 5, logIndex: 1, blockLogIndex: 9 });
  });

  it.each<[string, number, PayloadParameters, RegExp]>([
    ['txs', 1, { also: [toHex(wordOf('x'))] }, /those of one proof are of one block/],
    ['txs', 1, { also: ['zz'] }, /does not begin with 0x/],
    ['txs', 1, { part: 'log' }, /a part is tx, receipt or log:N/],
    ['txs', 1, { part: 'log:7' }, /which has 2/],
    ['txs', 1, { also: [toHex(block.transactionHashes[1]!)] }, /twice/],
    ['block-log', 1, {}, /needs the index/],
    ['block-log', 1, { log: 9 }, /which has 2/],
    ['account', 1, {}, /about a block, not about a transaction/],
    ['log', 1, {}, /without index/],
  ])('%s of %i with %j is refused', (aspect, index, parameters, message) => {
    expect(() => build(aspect, index, parameters)).toThrow(ProofKindError);
    expect(() => build(aspect, index, parameters)).toThrow(message);
  });

  it('need the block’s contents', () => {
    const { transactions: _, ...bare } = block;
    const request = { aspect: 'tx', parameters: {}, chain: CHAIN, block: bare, index: 0 };
    expect(() => payloadBuilders.build(KIND, request)).toThrow(/without transactions/);
  });
});

describe('addresses', () => {
  it('in both cases need their checksum (EIP-55, its own examples)', () => {
    for (const good of [
      '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
      '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
      '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
      '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
    ]) {
      expect(toHex(parseEthereumAddress(good))).toBe(good.toLowerCase());
      expect(parseEthereumAddress(`0x${good.slice(2).toUpperCase()}`)).toEqual(parseEthereumAddress(good));
      const swapped = good.replace(/[a-f]/, (digit) => digit.toUpperCase());
      if (swapped !== good) expect(() => parseEthereumAddress(swapped)).toThrow(MalformedInputError);
    }
    expect(() => parseEthereumAddress('5aaeb6053f3e94c9b9a09f33669435e7ef1beaed')).toThrow(/begin with 0x/);
  });
});
