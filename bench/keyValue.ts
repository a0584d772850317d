import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { LevelStore } from '../storage/level.js';
import { race, report } from './measure.js';

/** The node's access pattern on two embedded stores: a synced batch of 120 small writes a block, random reads. */
const folder = await mkdtemp(join(tmpdir(), 'crossroot-bench-'));
const entries = 300_000;
const known: Buffer[] = [];
const level = await LevelStore.open(join(folder, 'level'));
const lmdb = open({
  path: join(folder, 'lmdb'),
  encoding: 'binary',
  keyEncoding: 'binary',
  overlappingSync: false,
});
for (let i = 0; i < entries; i += 10_000) {
  const rows = Array.from({ length: 10_000 }, () => ({
    type: 'put' as const,
    key: randomBytes(32),
    value: randomBytes(64),
  }));
  known.push(...rows.slice(0, 300).map((row) => row.key));
  await level.batch(rows, { sync: false });
  lmdb.transactionSync(() => {
    for (const row of rows) lmdb.putSync(row.key, row.value);
  });
}
const block = () =>
  Array.from({ length: 120 }, () => ({ type: 'put' as const, key: randomBytes(32), value: randomBytes(64) }));

report(
  `Synced commits of 120 writes, ${entries} entries before`,
  await race([
    {
      name: 'classic-level',
      count: 50,
      run: async () => {
        for (let i = 0; i < 50; i++) await level.batch(block());
      },
    },
    {
      name: 'lmdb',
      count: 50,
      run: () => {
        for (let i = 0; i < 50; i++)
          lmdb.transactionSync(() => {
            for (const row of block()) lmdb.putSync(row.key, row.value);
          });
      },
    },
  ]),
);
report(
  'Random reads',
  await race([
    { name: 'classic-level', count: 20_000, run: () => reads((key) => level.get(key)) },
    { name: 'lmdb', count: 20_000, run: () => reads((key) => lmdb.get(key)) },
  ]),
);
await level.close();
await lmdb.close();
await rm(folder, { recursive: true });

function reads(get: (key: Buffer) => unknown): void {
  for (let i = 0; i < 20_000; i++) if (get(known[i % known.length]!) === undefined) throw new Error('lost');
}
