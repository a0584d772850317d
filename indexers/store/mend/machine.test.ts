import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasChdb } from '../../../test/support/clickhouse/front.js';
import { ChdbClient } from '../sql/chdbClient.js';
import { serverMachine, thisMachine } from './machine.js';

describe.skipIf(!hasChdb)('when the machine of an index started', () => {
  test('is told by this machine, and by a server', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'crossroot-machine-'));
    const client = await ChdbClient.open(join(folder, 'index'));
    const [own, told] = [await thisMachine(), await serverMachine(client)()];
    expect(own).toBeLessThan(Date.now());
    // Some seconds apart where the clocks are, and never in times to come.
    expect(told).toBeLessThan(Date.now() + 1000);
    expect(told).toBeGreaterThan((own ?? 0) - 60_000);
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });
});
