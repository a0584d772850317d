import { statfs } from 'node:fs/promises';
import { Gauge, type Registry } from 'prom-client';

/** Shows how full the disk is that a process keeps its data on, at each look at its numbers. */
export function showDisk(folder: string, registry: Registry): void {
  const free = new Gauge({
    name: 'crossroot_disk_free_bytes',
    help: 'Bytes that the process may still write on the disk with its data folder',
    registers: [registry],
    async collect() {
      const { bavail, blocks, bsize } = await statfs(folder);
      free.set(bavail * bsize);
      size.set(blocks * bsize);
    },
  });
  const size = new Gauge({
    name: 'crossroot_disk_bytes',
    help: 'Size of the disk with the data folder',
    registers: [registry],
  });
}
