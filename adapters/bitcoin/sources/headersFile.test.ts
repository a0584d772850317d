import { appendFile, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { SourceFaultError, SourceUnavailableError } from '../../errors.js';
import { RequestBudget, retryAfterMs } from '../../http/requestBudget.js';
import type { ForeignHeader } from '../../types.js';
import { foreignHeader } from '../rules/header.js';
import { bitcoinNetwork } from '../rules/networks.js';
import { mineAfter } from '../testing/samples.js';
import { HeadersFileSource } from './headersFile.js';

const chain = 'bitcoin-regtest';
const headers: ForeignHeader[] = [foreignHeader(bitcoinNetwork(chain).genesisHeader, 0)];
for (let i = 0; i < 60; i++) headers.push(mineAfter(headers.at(-1)!));
const bytesOf = (from: number, to: number) => concatBytes(...headers.slice(from, to).map(({ raw }) => raw));

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headers-'));
  path = join(folder, 'headers.bin');
});
afterAll(() => rm(folder, { recursive: true }));

it('grows while it is read; a header that is not whole waits', async () => {
  const source = new HeadersFileSource({ chain, path });
  await expect(source.check()).rejects.toThrow(/cannot be read \(ENOENT\)/);
  await writeFile(path, bytesOf(0, 1).subarray(0, 79));
  await expect(source.check()).rejects.toThrow('has no header yet');
  await writeFile(path, bytesOf(0, 10));
  expect((await source.tip()).height).toBe(9);
  await appendFile(path, bytesOf(10, 21).subarray(0, 10 * 80 + 33));
  expect(await source.headers(5, 100)).toEqual(headers.slice(5, 20));
  await appendFile(path, bytesOf(20, 21).subarray(33));
  expect(await source.headers(20, 1)).toEqual([headers[20]]);
  await source.close();
  await expect(source.tip()).rejects.toThrow('is closed');
});

it('is read again when it is replaced or becomes shorter', async () => {
  const source = new HeadersFileSource({ chain, path });
  await writeFile(path, bytesOf(0, 30));
  expect((await source.tip()).height).toBe(29);
  const branch = [mineAfter(headers[25]!, 1)];
  for (let i = 0; i < 8; i++) branch.push(mineAfter(branch.at(-1)!, 1));
  const next = join(folder, 'next.bin');
  await writeFile(next, concatBytes(bytesOf(0, 26), ...branch.map(({ raw }) => raw)));
  await rename(next, path);
  expect(await source.headers(26, 100)).toEqual(branch);
  await writeFile(path, bytesOf(0, 4));
  expect((await source.tip()).hash).toEqual(headers[3]!.hash);
});

it('may begin with the checkpoint or after it, and nowhere else', async () => {
  const checkpoint = { height: 20, hash: headers[20]!.hash };
  for (const first of [0, 20, 21]) {
    await writeFile(path, bytesOf(first, 50));
    const source = new HeadersFileSource({ chain, path, checkpoint });
    expect((await source.tip()).height).toBe(49);
    expect(await source.headers(21, 4)).toEqual(headers.slice(21, 25));
    if (first > 0) await expect(source.headers(first - 1, 4)).rejects.toThrow(`begins with block ${first}`);
  }
  for (const first of [19, 22]) {
    await writeFile(path, bytesOf(first, 50));
    const source = new HeadersFileSource({ chain, path, checkpoint });
    await expect(source.check()).rejects.toThrow(/is not on bitcoin-regtest.* or checkpoint, block 20/);
  }
});

it('with a broken link, or too long, is a fault', async () => {
  await writeFile(path, concatBytes(bytesOf(0, 7), bytesOf(8, 20)));
  await expect(new HeadersFileSource({ chain, path }).tip()).rejects.toThrow(/its header 7 does not follow/);
  await writeFile(path, bytesOf(0, 20));
  const source = new HeadersFileSource({ chain, path, maxHeaders: 19 });
  await expect(source.tip()).rejects.toBeInstanceOf(SourceFaultError);
});

it('Retry-After is seconds or an HTTP date', () => {
  const now = Date.UTC(2026, 0, 1, 0, 0, 0);
  expect(retryAfterMs('12', now)).toBe(12_000);
  expect(retryAfterMs('Thu, 01 Jan 2026 00:00:30 GMT', now)).toBe(30_000);
  expect(retryAfterMs('Thu, 01 Jan 2025 00:00:30 GMT', now)).toBe(0);
  for (const text of [undefined, '', '-1', '1.5', 'soon', '99999999999', '2026-01-01'])
    expect(retryAfterMs(text, now)).toBeUndefined();
});

it('a pause is kept to, and is never longer than a minute', async () => {
  let now = 0;
  const budget = new RequestBudget('server', 1000, 100, () => now);
  const signal = new AbortController().signal;
  budget.pause('86400', 1);
  await expect(budget.take(signal)).rejects.toBeInstanceOf(SourceUnavailableError);
  now = 60_000;
  await budget.take(signal);
});
