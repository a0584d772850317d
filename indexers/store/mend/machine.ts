import { uptime } from 'node:os';
import * as z from 'zod';
import { clockOf } from '../recordViews.js';
import type { SqlClient } from '../sql/client.js';

/** When the machine that has the tables started, Unix milliseconds by the clock of the index; `undefined` where nobody tells. */
export type MachineStart = () => Promise<number | undefined>;

const nameRow = z.object({ name: z.string() });
const uptimeRow = z.object({ seconds: z.coerce.number() });

/** Of an embedded index: this very machine. */
export const thisMachine: MachineStart = async () => Date.now() - uptime() * 1000;

/**
 * Of a server: its machine, where it shows that (`OSUptime` of its metrics), else the server itself, which goes down with its
 * machine.
 * @throws IndexQueryError
 */
export function serverMachine(client: SqlClient): MachineStart {
  return async () => {
    // A ClickHouse in a process has no such metrics.
    const known = `SELECT name FROM system.tables WHERE database = 'system' AND name = 'asynchronous_metrics'`;
    const metric = `SELECT value AS seconds FROM system.asynchronous_metrics WHERE metric = 'OSUptime'`;
    const [has] = await client.query('metrics', known, nameRow);
    const [machine] = has === undefined ? [] : await client.query('machine', metric, uptimeRow);
    const [server] = await client.query('server', 'SELECT uptime() AS seconds', uptimeRow);
    const seconds = machine?.seconds ?? server?.seconds;
    return seconds === undefined ? undefined : (await clockOf(client)) - seconds * 1000;
  };
}
