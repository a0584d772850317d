import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Interface, JsonRpcProvider, Wallet } from 'ethers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PAYMENT_LOG_ABI } from '../../contracts/PaymentLog.generated.js';
import { type EthereumPayment, payEthereum } from '../../devnet/payments/ethereum.js';
import { startAnvil, type TestAnvil } from '../fixtures/ethereum/anvil.js';
import { type ChainView, crossroot, freePorts, tempFolder, Up } from './support/up.js';

const CHAIN = 'ethereum-local';
/** Second account of every development node. */
const SENDER = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d';
const NOBODY = '0x00000000000000000000000000000000000c0de5';
const CALLED = '0x00000000000000000000000000000000000ca11e';
const SLOT = 5;
const word = (n: number) => `0x${n.toString(16).padStart(64, '0')}`;
const TRANSFER = new Interface(PAYMENT_LOG_ABI).getEvent('Paid')?.topicHash ?? '';

interface Verdict {
  readonly kind: string;
  readonly height: number;
  readonly assurance: string;
  readonly claims: { readonly summary: string; readonly facts: Record<string, unknown> }[];
}

/** Every kind of proof about a live node's blocks, through the command line and the main chain, checked offline. */
describe('Ethereum proofs of a live node', () => {
  let folder: string;
  let anvil: TestAnvil;
  let up: Up;
  let first: EthereumPayment;
  let second: EthereumPayment;
  let delegation: { hash: string; address: string };
  let tip = 0;

  beforeAll(async () => {
    folder = await tempFolder('ethereum-proofs');
    anvil = await startAnvil();
    first = await payEthereum(anvil.url, { wei: 7n });
    second = await payEthereum(anvil.url, { wei: 8n });
    await anvil.call('anvil_setStorageAt', [first.contract, word(SLOT), word(7)]);
    delegation = await delegate(first.contract);
    await anvil.call('anvil_mine', ['0x4']);
    tip = Number(await anvil.call('eth_blockNumber'));
    up = new Up(folder, await freePorts(), {
      chains: [
        {
          name: CHAIN,
          policy: 'confirmations(1)',
          pollMilliseconds: 200,
          sources: [{ type: 'ethereum-rpc', url: anvil.url }],
        },
      ],
    });
    up.start();
    await up.until('the newest block to be final', async () => {
      const view = await up.get<ChainView>(`/v1/chains/${CHAIN}`);
      return view.finalized !== null && Number(view.finalized.height) >= tip;
    });
  });

  afterAll(async () => {
    await up?.kill();
    await anvil?.stop();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  /** A transaction of type 4 (EIP-7702): its sender delegates to a contract. */
  async function delegate(to: string): Promise<{ hash: string; address: string }> {
    const provider = new JsonRpcProvider(anvil.url, undefined, { polling: true, pollingInterval: 50 });
    try {
      const wallet = new Wallet(SENDER, provider);
      const nonce = await wallet.getNonce();
      const authorization = await wallet.authorize({ address: to, nonce: nonce + 1 });
      const sent = await wallet.sendTransaction({
        type: 4,
        to: CALLED,
        gasLimit: 200_000n,
        authorizationList: [authorization],
      });
      await sent.wait();
      return { hash: sent.hash, address: wallet.address.toLowerCase() };
    } finally {
      provider.destroy();
    }
  }

  async function prove(...args: string[]): Promise<Verdict> {
    const file = join(folder, `proof-${Math.random()}.ssz`);
    const words = ['--chain', CHAIN, '--format', 'ssz', '--api', up.api, '-o', file];
    const proved = await crossroot('prove', ...words, ...args);
    expect([args, proved.stderr, proved.code]).toEqual([args, '', 0]);
    const verified = await crossroot('verify', file, '--data', up.data, '--json');
    const { ok, verdict } = JSON.parse(verified.stdout) as { ok: boolean; verdict: Verdict };
    expect([args, ok, verdict.assurance]).toEqual([args, true, 'attested']);
    return verdict;
  }
  const facts = async (...args: string[]) => (await prove(...args)).claims[0]!.facts;

  it('accounts, there and not', async () => {
    const newest = await prove('--kind', 'account', '--address', first.to);
    expect(newest.height).toBeGreaterThanOrEqual(tip);
    const balance = await anvil.call('eth_getBalance', [first.to, `0x${tip.toString(16)}`]);
    expect(await facts('--kind', 'account', '--address', first.to, '--block', String(tip))).toMatchObject({
      exists: true,
      balance: BigInt(String(balance)).toString(),
    });
    expect(await facts('--kind', 'account', '--address', NOBODY)).toMatchObject({ exists: false });
    const both = await facts('--kind', 'account', '--address', first.to, '--address', NOBODY);
    expect(both.accounts).toMatchObject([{ exists: false }, { exists: true }]);
  });

  it('storage slots, set and not, as of one block and as of another', async () => {
    const question = [
      '--kind',
      'storage',
      '--address',
      first.contract,
      '--slot',
      String(SLOT),
      '--slot',
      '0x6',
    ];
    const storage = [
      { slot: word(SLOT), value: word(7) },
      { slot: word(6), value: word(0) },
    ];
    expect(await facts(...question)).toMatchObject({ exists: true, storage });
    const before = await facts(...question, '--block', first.blockHash);
    expect(before).toMatchObject({ storage: [{ value: word(0) }, { value: word(0) }] });
  });

  it('code, and where an account delegates', async () => {
    const code = await anvil.call('eth_getCode', [first.contract, 'latest']);
    expect(await facts('--kind', 'code', '--address', first.contract)).toMatchObject({ code });
    expect(await facts('--kind', 'code', '--address', NOBODY)).toMatchObject({ exists: false, code: '0x' });
    expect(await facts('--kind', 'code', '--address', delegation.address)).toMatchObject({
      delegate: first.contract.toLowerCase(),
    });
    expect(await facts('--tx', delegation.hash)).toMatchObject({ type: 4, to: CALLED });
    expect(await facts('--tx', delegation.hash, '--kind', 'receipt')).toMatchObject({ status: 'succeeded' });
  });

  it('how many transactions and withdrawals a block has', async () => {
    const block = ['--block', String(second.blockNumber)];
    expect(await facts('--kind', 'count', ...block)).toEqual({ list: 'transactions', count: 1 });
    const withdrawals = { list: 'withdrawals', count: 0 };
    expect(await facts('--kind', 'count', '--list', 'withdrawals', ...block)).toEqual(withdrawals);
    expect(await facts('--kind', 'count', '--block', String(tip))).toMatchObject({ count: 0 });
    expect(await facts('--kind', 'withdrawal', '--withdrawal', '0', ...block)).toMatchObject({
      exists: false,
    });
  });

  it('all logs of a contract and a topic, in one block and in all', async () => {
    const question = ['--kind', 'logs', '--address', first.contract, '--topic', TRANSFER];
    const range = [...question, '--from-block', '0', '--to-block', String(tip)];
    const all = await prove(...range);
    expect(all.claims[0]!.facts).toMatchObject({ from: 0, to: tip, count: 2 });
    const logs = all.claims[0]!.facts.logs as { block: number; contract: string }[];
    expect(logs.map(({ block }) => block)).toEqual([first.blockNumber, second.blockNumber]);
    const answered = await anvil.call('eth_getLogs', [
      { fromBlock: '0x0', toBlock: `0x${tip.toString(16)}`, address: first.contract, topics: [TRANSFER] },
    ]);
    expect(answered).toHaveLength(2);
    expect(await facts(...question, '--block', String(second.blockNumber))).toMatchObject({ count: 1 });
    expect(await facts(...question, '--block', String(tip))).toMatchObject({ count: 0 });
    const never = await facts('--kind', 'logs', '--topic', `${word(1)},${word(2)}`, '--from-block', '0');
    expect(never).toMatchObject({ from: 0, count: 0 });
  });

  it('a log with its place in the block; a transaction, its receipt and its log in one proof', async () => {
    const log = String(second.logIndex);
    expect(await facts('--kind', 'block-log', '--tx', second.transactionHash, '--log', log)).toMatchObject({
      logIndex: second.logIndex,
      blockLogIndex: second.logIndex,
    });
    const { transactionHash: hash } = second;
    const several = await facts(
      ...['--kind', 'txs', '--tx', hash, '--tx', `${hash}:receipt`, '--tx', `${hash}:log:${log}`],
    );
    expect(several.items).toHaveLength(3);
  });

  it('state out as eth_getProof answers it, and in again', async () => {
    const file = join(folder, 'state.json');
    const question = ['--address', first.contract, '--slot', String(SLOT), '--block', String(tip)];
    const words = ['--chain', CHAIN, '--format', 'eip1186', '--api', up.api, '-o', file];
    expect((await crossroot('prove', ...words, ...question)).code).toBe(0);
    const ours = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    const at = `0x${tip.toString(16)}`;
    expect(await anvil.call('eth_getProof', [first.contract, [word(SLOT)], at])).toEqual(ours);
    const block = (await anvil.call('eth_getBlockByNumber', [at, false])) as { hash: string };
    await writeFile(join(folder, 'block.json'), JSON.stringify(block));
    const proof = join(folder, 'imported.json');
    const header = ['--header', `@${join(folder, 'block.json')}`];
    const imported = await crossroot(
      ...['import', file, '--format', 'eip1186', '--chain', CHAIN, ...header, '-o', proof],
    );
    expect([imported.stderr, imported.code]).toEqual(['', 0]);
    const good = await crossroot('verify', proof, '--block-hash', block.hash, '--json');
    expect(JSON.parse(good.stdout)).toMatchObject({ ok: true, verdict: { payloadKind: 'ethereum-storage' } });
    // The relay anchors what another node says.
    const posted = async (body: string) =>
      fetch(`${up.api}/v1/chains/${CHAIN}/blocks/${tip}/state`, { method: 'POST', body });
    const anchored = await posted(JSON.stringify(ours));
    expect(anchored.status).toBe(200);
    await writeFile(proof, new Uint8Array(await anchored.arrayBuffer()));
    const under = await crossroot('verify', proof, '--data', up.data, '--json');
    expect(JSON.parse(under.stdout)).toMatchObject({
      ok: true,
      verdict: { kind: 'ethereum-storage', height: tip },
    });
    expect((await posted(JSON.stringify({ ...ours, balance: '0x1' }))).status).toBe(422);
    // A node's own lie in a field is refused by the field's name.
    await writeFile(file, JSON.stringify({ ...ours, balance: '0x1' }));
    const lie = await crossroot('import', file, '--format', 'eip1186', '--chain', CHAIN, ...header);
    expect([lie.code, lie.stderr]).toEqual([1, expect.stringContaining('balance: says 0x1')]);
  });

  it('says why there is no proof', async () => {
    const refused = async (...args: string[]) => {
      const { code, stderr } = await crossroot('prove', '--chain', CHAIN, '--api', up.api, ...args);
      expect(code).not.toBe(0);
      return stderr;
    };
    expect(await refused('--kind', 'account', '--address', NOBODY, '--block', '999999')).toContain(
      'has no block',
    );
    expect(await refused('--kind', 'account', '--address', first.contract.replace('0x', '0y'))).toContain(
      '0x',
    );
    expect(await refused('--kind', 'logs', '--from-block', '9', '--to-block', '3')).toContain('comes after');
    expect(await refused('--kind', 'storage', '--address', NOBODY)).toContain('needs a slot');
  });
});
