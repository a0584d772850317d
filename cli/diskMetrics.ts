import { statfs } from 'node:fs/promises';
import { Gauge, type Registry } from 'prom-client';

/** Shows how full the disk is that a process keeps its data on, at each look at its numbers. */
export function showDisk(folder: string, registry: Registry): void {
  new Gauge({
    name: 'crossroot_disk_free_bytes',
    help: 'Bytes that the process may still write on the disk with its data folder',
    registers: [registry],
    async collect() {
      const { bavail, bsize } = await statfs(folder);
      this.set(bavail * bsize);
    },
  });
  new Gauge({
    name: 'crossroot_disk_bytes',
    help: 'Size of the disk with the data folder',
    registers: [registry],
    async collect() {
      const { blocks, bsize } = await statfs(folder);
      this.set(blocks * bsize);
    },
  });
}
