import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { crossroot as crossrootProcess } from '../support/built.js';
import { CommandServer } from '../support/commandServer.js';
import { dataPath, hasData, needsData, readBytes, readJson } from './folder.js';

const commands = new CommandServer();
const crossroot = (args: readonly string[]) => commands.run(args);
afterAll(() => commands.close());

/** Real data through the command line, as a user would. */
describe.skipIf(!hasData)(needsData('the command line on real data'), () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'crossroot-data-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const runs: [chain: string, file: string, count: number, start?: number][] = [
    ['bitcoin-mainnet', 'mainnet_0_10236.bin', 10_237],
    ['bitcoin-mainnet', 'mainnet_822528_826560.bin', 4033, 822_528],
    ['bitcoin-testnet3', 'testnet3_0_5999.bin', 6000],
    ['bitcoin-signet', 'signet_0_2015.bin', 2016],
    ['bitcoin-testnet4', 'testnet4_0_100.bin', 101],
    ['bitcoin-regtest', 'regtest_0_100.bin', 101],
  ];

  it.each(runs)('headers verify: %s %s to its last header', async (chain, file, count, start) => {
    const path = dataPath(`btc-headers/${file}`);
    const from = start === undefined ? [] : ['--start-height', String(start)];
    const { code, stdout } = await crossroot([
      'headers',
      'verify',
      '--chain',
      chain,
      path,
      '--json',
      ...from,
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      count,
      startHeight: start ?? 0,
      tipHeight: (start ?? 0) + count - 1,
    });
  });

  it.each(runs)(
    'headers verify: %s %s with one bit changed is refused by rule',
    async (chain, file, count, start) => {
      const bytes = readBytes(`btc-headers/${file}`);
      const at = Math.floor(count / 2);
      // A bit of the Merkle root: the hash is another one, above any real target. On regtest half of all hashes pass, so the link breaks.
      bytes[at * 80 + 40]! ^= 1;
      const path = join(folder, file);
      writeFileSync(path, bytes);
      const from = start === undefined ? [] : ['--start-height', String(start)];
      const { code, stdout } = await crossroot([
        'headers',
        'verify',
        '--chain',
        chain,
        path,
        '--json',
        ...from,
      ]);
      expect(code).toBe(1);
      const { error } = JSON.parse(stdout) as { error: { rule: string; height: number } };
      const height = (start ?? 0) + at;
      if (chain === 'bitcoin-regtest')
        expect([`high-hash ${height}`, `bad-prevblk ${height + 1}`]).toContain(
          `${error.rule} ${error.height}`,
        );
      else expect(error).toMatchObject({ rule: 'high-hash', height });
    },
  );

  it('headers verify: a custom signet has the rules of the default one, and is known by its challenge only', async () => {
    const args = [
      'headers',
      'verify',
      '--chain',
      'bitcoin-signet-mine',
      dataPath('btc-headers/signet_0_2015.bin'),
    ];
    // A process of its own: what one command makes known must not help the next.
    const { code, stdout } = await crossrootProcess([...args, '--signet-challenge', '51', '--json']);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { count: 2016 }]);
    const unknown = await crossrootProcess(args);
    expect(unknown.code).toBe(2);
  });

  const blocks = hasData
    ? readJson<{ file: string; network: string; hash: string; ntx: number }[]>('btc-blocks/index.json')
    : [];

  it.each(blocks.map((block) => [block.file, block] as const))(
    'prove --offline and verify: first, middle and last of %s',
    async (file, block) => {
      const { transactions } = parseBlock(new Uint8Array(readFileSync(dataPath(`btc-blocks/${file}`))));
      const txids = [...new Set([0, Math.floor(block.ntx / 2), block.ntx - 1])].map((i) =>
        displayHash(transactions[i]!.txid),
      );
      const chain = `bitcoin-${block.network}`;
      const proof = join(folder, `${file}.json`);
      const proved = await crossroot([
        'prove',
        '--offline',
        'bitcoin',
        '--chain',
        chain,
        '--block',
        dataPath(`btc-blocks/${file}`),
        ...txids.flatMap((txid) => ['--tx', txid]),
        '-o',
        proof,
      ]);
      expect([proved.code, proved.stderr]).toEqual([0, '']);
      const good = await crossroot(['verify', proof, '--block-hash', block.hash, '--data', folder]);
      expect(good.code).toBe(0);
      for (const txid of txids) expect(good.stdout).toContain(txid);
    },
  );

  it('verify refuses a proof from a block without the block that the user trusts', async () => {
    const [block] = blocks;
    const proof = join(folder, `${block!.file}.json`);
    expect((await crossroot(['verify', proof, '--data', folder])).stdout).toContain('unanchored');
    const other = blocks[1]!.hash;
    expect((await crossroot(['verify', proof, '--data', folder, '--block-hash', other])).stdout).toContain(
      'block-mismatch',
    );
  });
});
