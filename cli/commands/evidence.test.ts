import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { foreignHeader } from '../../adapters/bitcoin/rules/header.js';
import { bitcoinNetwork } from '../../adapters/bitcoin/rules/networks.js';
import { mineAfter } from '../../adapters/bitcoin/testing/samples.js';
import { BranchCollector, type BranchRecord } from '../../adapters/chain/branches.js';
import type { ForeignHeader } from '../../adapters/types.js';
import { toBareHex } from '../../proofs/bytes.js';
import { RefusedError, UsageError } from '../errors.js';
import { evidenceExportCommand, evidenceVerifyCommand } from './evidence.js';

const genesis = foreignHeader(bitcoinNetwork('bitcoin-regtest').genesisHeader, 0);
function branch(count: number, salt: number): ForeignHeader[] {
  const run: ForeignHeader[] = [];
  for (let last = genesis; run.length < count; run.push(last)) last = mineAfter(last, salt);
  return run;
}
function part(headers: readonly ForeignHeader[]) {
  const collector = new BranchCollector();
  for (const header of headers) collector.push(header);
  return collector.part;
}
const record: BranchRecord = {
  format: 'crossroot-branches',
  version: 1,
  chain: 'bitcoin-regtest',
  checkpoint: { height: 0, hash: toBareHex(genesis.hash), work: '2', periodStartTime: 0, periodStartBits: 0 },
  forkHeight: 0,
  trunk: [toBareHex(genesis.raw)],
  ours: part(branch(20, 1)),
  theirs: part(branch(30, 2)),
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossroot-evidence-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function verify(value: unknown): Promise<string> {
  const file = join(folder, 'verify.json');
  await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
  const out = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await evidenceVerifyCommand(file, { json: false, now: 0xffffffff });
    return out.mock.calls.join('');
  } finally {
    out.mockRestore();
  }
}

test('both branches are checked from the headers alone, with their work', async () => {
  const text = await verify(record);
  expect(text).toContain('two branches of bitcoin-regtest from height 0');
  expect(text).toMatch(/ours +20 headers to 20 .*, work 40/);
  expect(text).toMatch(/theirs +30 headers to 30 .*, work 60/);
});

test('a changed header is refused by its rule, another shape as malformed', async () => {
  const [first = '', ...rest] = record.ours.first;
  const changed = first.slice(0, 8) + (first[8] === '0' ? '1' : '0') + first.slice(9);
  const bad = { ...record, ours: { ...record.ours, first: [changed, ...rest] } };
  await expect(verify(bad)).rejects.toThrow(RefusedError);
  await expect(verify(bad)).rejects.toThrow('bad-prevblk');
  for (const value of [
    '{',
    {},
    { ...record, version: 2 },
    { ...record, trunk: [] },
    { ...record, checkpoint: { ...record.checkpoint, hash: '0'.repeat(64) } },
  ])
    await expect(verify(value)).rejects.toThrow();
  await expect(verify({ ...record, chain: 'nowhere' })).rejects.toThrow('unknown chain');
});

test('export writes what the API has, and says where there is nothing', async () => {
  const server = createServer((request, response) => {
    expect(request.url).toMatch(/^\/v1\/chains\/bitcoin-regtest\/evidence\/[37]$/);
    response.end(JSON.stringify({ evidence: {}, branches: request.url?.endsWith('7') ? record : null }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const api = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const output = join(folder, 'export.json');
  const flags = { json: false, api, chain: 'bitcoin-regtest', output };
  try {
    await evidenceExportCommand({ ...flags, number: 7 });
    expect(JSON.parse(await readFile(output, 'utf8'))).toEqual(record);
    await expect(evidenceExportCommand({ ...flags, number: 3 })).rejects.toThrow(UsageError);
  } finally {
    server.close();
  }
});
