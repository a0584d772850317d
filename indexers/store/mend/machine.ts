import { uptime } from 'node:os';
import * as z from 'zod';
import { clockOf } from '../recordViews.js';
import type { SqlClient } from '../sql/client.js';

/** When the machine that has the tables started, Unix milliseconds by the clock of the index; `undefined` where nobody tells. */
export type MachineStart = () => Promise<number | undefined>;

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
    const sql = `SELECT ifNull((SELECT max(value) FROM system.asynchronous_metrics WHERE metric = 'OSUptime'), 0) AS os,
      if(os > 0, os, toFloat64(uptime())) AS seconds`;
    const [row] = await client.query('machine', sql, uptimeRow);
    return row === undefined ? undefined : (await clockOf(client)) - row.seconds * 1000;
  };
}
