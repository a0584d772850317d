import { tmpdir } from 'node:os';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { showDisk } from './diskMetrics.js';

test('the disk of a folder is shown: its size, and what is free of it', async () => {
  const registry = new Registry();
  showDisk(tmpdir(), registry);
  const shown = await registry.metrics();
  const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(shown)?.[1]);
  const [free, size] = [value('crossroot_disk_free_bytes'), value('crossroot_disk_bytes')];
  expect(size).toBeGreaterThan(2 ** 20);
  expect(free).toBeLessThanOrEqual(size);
  expect(free).toBeGreaterThan(0);
});
