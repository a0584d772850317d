import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { kindQuestions } from '../support/bitcoinKinds.js';
import { CommandServer } from '../support/commandServer.js';
import { dataPath, hasData, needsData, readBytes, readJson } from './folder.js';

const commands = new CommandServer();
const crossroot = (args: readonly string[]) => commands.run(args);
afterAll(() => commands.close());

interface Block {
  readonly file: string;
  readonly network: string;
  readonly hash: string;
}

/** Every kind of proof that a real block has something for, made and checked by the command line. */
describe.skipIf(!hasData)(needsData('every kind of Bitcoin proof on real blocks'), () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'crossroot-kinds-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const blocks = hasData ? readJson<Block[]>('btc-blocks/index.json') : [];
  const made = new Map<string, number>();

  it.each(blocks.map((block) => [block.file, block] as const))('%s', async (file, block) => {
    const path = dataPath(`btc-blocks/${file}`);
    const { transactions } = parseBlock(readBytes(`btc-blocks/${file}`));
    const asked = kindQuestions(transactions);
    const proofs: string[] = [];
    for (const [kind, options] of asked) {
      const proof = join(folder, `${file}.${kind}.json`);
      const args = ['prove', '--offline', 'bitcoin', '--chain', `bitcoin-${block.network}`, '--block', path];
      const { code, stderr } = await crossroot([...args, '--kind', kind, ...options, '-o', proof]);
      expect([kind, code, stderr]).toEqual([kind, 0, '']);
      proofs.push(proof);
      made.set(kind, (made.get(kind) ?? 0) + 1);
    }
    const { code, stdout } = await crossroot([
      'verify',
      ...proofs,
      '--block-hash',
      block.hash,
      '--data',
      folder,
      '--json',
    ]);
    expect(code).toBe(0);
    const { files } = JSON.parse(stdout) as {
      files: { ok: boolean; verdict: { claims: { facts: object } } }[];
    };
    expect(files.map((one) => one.ok)).toEqual(asked.map(() => true));
  });

  it('all six kinds were among them', () => {
    expect([...made.keys()].sort()).toEqual(['data', 'output', 'spend', 'tx', 'txs', 'witness']);
  });
});
