import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { workOfBits } from '../../adapters/bitcoin/rules/target.js';
import { decodeReceipt, type EthereumLog } from '../../adapters/ethereum/proofs/index.js';
import { bytesEqual, fromHex, toHex } from '../../proofs/bytes.js';
import { realBlock } from '../data/ethereum/blocks.js';

import { dataFolder, dataPath, hasData, needsData, readBytes } from '../data/folder.js';
import { serveBitcoinReplay } from '../replay/bitcoinServer.js';
import { serveEthereumReplay } from '../replay/ethereumServer.js';
import { kindQuestions } from '../support/bitcoinKinds.js';
import { type ChainView, crossroot, freePorts, tempFolder, Up } from './support/up.js';

interface EthereumFile {
  number: number;
  hash: string;
  transactions: string[];
  receipts: string[];
}

describe.skipIf(!hasData)(needsData('mainnet replayed as a network'), () => {
  let folder: string;
  let up: Up;
  let bitcoin: Awaited<ReturnType<typeof serveBitcoinReplay>>;
  let ethereum: Awaited<ReturnType<typeof serveEthereumReplay>>;

  beforeAll(async () => {
    folder = await tempFolder('replay');
    const credentials = { user: 'replay', password: 'replayed' };
    [bitcoin, ethereum] = await Promise.all([
      serveBitcoinReplay({ dataFolder, credentials }),
      serveEthereumReplay({ dataFolder }),
    ]);
    const block = readBytes('btc-blocks/main_831328.raw');
    const first = ethereumFile(17_034_869);
    await writeFile(
      `${folder}/bitcoin-checkpoint.json`,
      JSON.stringify({
        height: 831_328,
        hash: displayHash(parseBlock(block).hash),
        // Any two branches are compared from the same base, so the least possible will do.
        work: workOfBits(0x170371b1).toString(),
        // The period ends after the blocks replayed here, so that its start is not looked at.
        periodStartTime: 1_708_000_000,
        periodStartBits: '170371b1',
        header: Buffer.from(block.subarray(0, 80)).toString('hex'),
      }),
    );
    await writeFile(
      `${folder}/ethereum-checkpoint.json`,
      JSON.stringify({ height: first.number, hash: first.hash }),
    );
    up = new Up(folder, await freePorts(), {
      chains: [
        {
          name: 'bitcoin-mainnet',
          policy: 'confirmations(2)',
          checkpoint: 'bitcoin-checkpoint.json',
          pollMilliseconds: 200,
          sources: [{ type: 'bitcoin-core', url: bitcoin.url, ...credentials }],
        },
        {
          name: 'ethereum-mainnet',
          policy: 'finalized',
          checkpoint: 'ethereum-checkpoint.json',
          pollMilliseconds: 200,
          sources: [{ type: 'ethereum-rpc', url: ethereum.url }],
        },
      ],
    });
    up.start();
  });

  afterAll(async () => {
    await up?.kill();
    await Promise.all([bitcoin?.close(), ethereum?.close()]);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });

  function ethereumFile(number: number): EthereumFile {
    return JSON.parse(readFileSync(dataPath(`eth-blocks/mainnet_${number}.json`), 'utf8')) as EthereumFile;
  }

  async function finalAt(chain: string, height: number): Promise<ChainView> {
    return up.until(`${chain} ${height} to be final`, async () => {
      const view = await up.get<ChainView>(`/v1/chains/${chain}`);
      return view.finalized !== null && Number(view.finalized.height) >= height && view;
    });
  }

  async function proveAndVerify(
    chain: string,
    transaction: string,
    ...more: string[]
  ): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const file = `${folder}/proof-${Math.random()}.ssz`;
    const proved = await crossroot(
      'prove',
      '--chain',
      chain,
      '--tx',
      transaction,
      '--format',
      'ssz',
      '--api',
      up.api,
      '-o',
      file,
      ...more,
    );
    expect(proved.stderr).toBe('');
    return crossroot('verify', file, '--data', up.data, '--json');
  }

  it('follows Bitcoin block by block and proves a transaction of 831328', async () => {
    await finalAt('bitcoin-mainnet', 831_328);
    for (let height = 831_329; height <= 831_331; height++) {
      await bitcoin.step();
      await up.until(
        `height ${height} to be seen`,
        async () => (await up.get<ChainView>('/v1/chains/bitcoin-mainnet')).local?.height === String(height),
      );
    }
    // Two confirmations: the tip itself is not committed yet.
    expect((await finalAt('bitcoin-mainnet', 831_330)).committed?.height).toBe('831330');
    const { transactions } = parseBlock(readBytes('btc-blocks/main_831328.raw'));
    for (const index of [0, 1000, transactions.length - 1]) {
      const verified = await proveAndVerify('bitcoin-mainnet', displayHash(transactions[index]!.txid));
      const { verdict } = JSON.parse(verified.stdout) as {
        verdict: { height: number; assurance: string; depth: number };
      };
      expect(verdict).toMatchObject({ height: 831_328, assurance: 'work', depth: 3 });
    }
  });

  it('proves every kind about a Bitcoin transaction', async () => {
    const { transactions } = parseBlock(readBytes('btc-blocks/main_831329.raw'));
    const asked = kindQuestions(transactions);
    expect(asked.map(([kind]) => kind)).toEqual(['tx', 'txs', 'output', 'spend', 'witness', 'data']);
    for (const [kind, [, txid = '', ...more]] of asked) {
      const { stdout } = await proveAndVerify('bitcoin-mainnet', txid, '--kind', kind, ...more);
      const { verdict } = JSON.parse(stdout) as { verdict: { height: number; assurance: string } };
      expect([kind, verdict]).toMatchObject([kind, { height: 831_329, assurance: 'work' }]);
    }
    const last = displayHash(transactions.at(-1)!.txid);
    for (const format of ['txoutproof', 'esplora', 'electrum']) {
      const path = `${folder}/${format}`;
      const args = ['prove', '--chain', 'bitcoin-mainnet', '--tx', last, '--format', format];
      expect((await crossroot(...args, '--api', up.api, '-o', path)).code).toBe(0);
      const offline = ['--offline', 'bitcoin', '--block', dataPath('btc-blocks/main_831329.raw')];
      expect((await crossroot(...args, ...offline, '-o', `${path}.offline`)).code).toBe(0);
      expect(readFileSync(path, 'utf8')).toBe(readFileSync(`${path}.offline`, 'utf8'));
    }
  });

  it('follows Ethereum as attested and proves transactions, receipts and logs', async () => {
    await finalAt('ethereum-mainnet', 17_034_869);
    await ethereum.step();
    await finalAt('ethereum-mainnet', 17_034_870);
    for (const number of [17_034_869, 17_034_870]) {
      const file = ethereumFile(number);
      const hash = toHex(keccak_256(fromHex(file.transactions[0]!)));
      for (const more of [
        ['--kind', 'tx'],
        ['--kind', 'receipt'],
        ...(number === 17_034_869 ? [['--kind', 'log', '--log', '0']] : []),
      ]) {
        const verified = await proveAndVerify('ethereum-mainnet', hash, ...more);
        const { verdict } = JSON.parse(verified.stdout) as { verdict: { height: number; assurance: string } };
        expect(verdict).toMatchObject({ height: number, assurance: 'attested' });
      }
    }
  });

  it('proves that lists of Ethereum logs over both blocks are complete, and how long blocks are', async () => {
    const prove = async (...question: string[]) => {
      const file = `${folder}/proof-${Math.random()}.ssz`;
      const words = ['--chain', 'ethereum-mainnet', '--format', 'ssz', '--api', up.api, '-o', file];
      const proved = await crossroot('prove', ...words, ...question);
      expect([proved.stderr, proved.code]).toEqual(['', 0]);
      const { stdout } = await crossroot('verify', file, '--data', up.data, '--json');
      const { verdict } = JSON.parse(stdout) as { verdict: { claims: { facts: Record<string, unknown> }[] } };
      return verdict.claims[0]!.facts;
    };
    const blocks = [17_034_869, 17_034_870].map(realBlock);
    const logs = blocks.flatMap(({ receipts }) => receipts.flatMap((raw) => decodeReceipt(raw).logs));
    const [{ address, topics }] = logs as [EthereumLog];
    const wanted = logs.filter((log) => bytesEqual(log.address, address)).length;
    const range = ['--kind', 'logs', '--from-block', '17034869', '--to-block', '17034870'];
    expect(await prove(...range, '--address', toHex(address))).toMatchObject({ count: wanted });
    const same = logs.filter((log) => log.topics[0] !== undefined && bytesEqual(log.topics[0], topics[0]!));
    expect(await prove(...range, '--topic', toHex(topics[0]!))).toMatchObject({ count: same.length });
    expect(await prove(...range, '--address', `0x${'12'.repeat(20)}`)).toMatchObject({ count: 0 });
    const count = ['--kind', 'count', '--block', '17034870'];
    const { length } = blocks[1]!.transactions;
    expect(await prove(...count)).toEqual({ list: 'transactions', count: length });
    expect(await prove(...count, '--list', 'withdrawals')).toEqual({ list: 'withdrawals', count: 0 });
  });
});
