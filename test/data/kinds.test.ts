import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BlockTransaction, parseBlock } from '../../adapters/bitcoin/blocks/block.js';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { crossroot } from '../support/built.js';
import { dataPath, hasData, needsData, readBytes, readJson } from './folder.js';

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

  it.concurrent.each(blocks.map((block) => [block.file, block] as const))('%s', async (file, block) => {
    const path = dataPath(`btc-blocks/${file}`);
    const { transactions } = parseBlock(readBytes(`btc-blocks/${file}`));
    const asked = questions(transactions);
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

/** What each kind is asked about, with the options that say so: the last transaction that has such a part. */
function questions(transactions: readonly BlockTransaction[]): [kind: string, options: string[]][] {
  const last = transactions.length - 1;
  const id = (at: number) => ['--tx', displayHash(transactions[at]?.txid ?? new Uint8Array(32))];
  const find = (has: (one: BlockTransaction, at: number) => boolean) => transactions.findLastIndex(has);
  const witness = find((one, at) => at > 0 && !bytesEqual(one.txid, one.wtxid));
  const data = find((one) => one.transaction.outs.some(({ script }) => isPlainData(script)));
  const carrier = transactions[data]?.transaction.outs.findIndex(({ script }) => isPlainData(script)) ?? 0;
  return [
    ['tx', id(last)],
    ['txs', [...id(0), ...(last > 0 ? id(last) : [])]],
    ['output', [...id(last), '--output-index', '0']],
    ...(last > 0 ? [['spend', [...id(last), '--input', '0']] as [string, string[]]] : []),
    ...(witness > 0 ? [['witness', id(witness)] as [string, string[]]] : []),
    ...(data >= 0 ? [['data', [...id(data), '--output-index', String(carrier)]] as [string, string[]]] : []),
  ];
}

/** OP_RETURN and one direct push. */
function isPlainData(script: Uint8Array): boolean {
  return (
    script[0] === 0x6a &&
    (script[1] ?? 0) > 0 &&
    (script[1] ?? 0) <= 75 &&
    script.length === 2 + (script[1] ?? 0)
  );
}
