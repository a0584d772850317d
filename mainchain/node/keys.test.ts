import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FileKeys } from './keys.js';

it('keeps a delegate’s keys in a folder, a file each', async () => {
  const folder = join(await mkdtemp(join(tmpdir(), 'crossroot-delegate-')), 'keys');
  const cost = { n: 1024, r: 8, p: 1 };
  const keys = await FileKeys.create(folder, 'words', undefined, cost);
  const [first] = keys.list();
  const second = await keys.create();
  const again = await FileKeys.open(folder, 'words', cost);
  expect(again.account.account).toEqual(keys.account.account);
  expect(again.list()).toHaveLength(2);
  expect(again.bls(first!)?.sign(first!)).toEqual(keys.bls(first!)?.sign(first!));
  await again.erase(first!);
  expect(again.bls(first!)).toBeUndefined();
  expect((await FileKeys.open(folder, 'words', cost)).list()).toEqual([second.publicKey]);
  expect(await readdir(folder)).toHaveLength(2);
  await expect(FileKeys.open(folder, 'other', cost)).rejects.toThrow('cannot be decrypted');
  await rm(folder, { recursive: true });
});
