import { Gauge, type Registry } from 'prom-client';
import type { KafkaLog } from '../indexers/log/kafka/kafkaLog.js';
import type { TailStatus } from '../indexers/log/kafka/tail.js';

type NumberKey = {
  [Key in keyof TailStatus]: TailStatus[Key] extends number ? Key : never;
}[keyof TailStatus];

const GAUGES: readonly (readonly [name: string, help: string, of: NumberKey])[] = [
  ['lag_records', 'Records of the topic that are not in the local store yet', 'lag'],
  ['event_number', 'Number of the newest event in the local store', 'number'],
  ['lease_epoch', 'Epoch of the newest producer lease', 'epoch'],
  ['stalls', 'Times that the topic grew and nothing came, or an answer did not come in time', 'stalls'],
  ['connections', 'Connections made to read the topic', 'connections'],
  ['stale_records', 'Records that came too late: of a lease that is over, or twice', 'stale'],
  ['poison_records', 'Records that cannot be used and were set aside', 'poisoned'],
];

/** Shows at `/metrics` how each chain's topic is being read; since the start of the process where it counts. */
export function showLog(log: KafkaLog, registry: Registry): void {
  for (const [name, help, of] of GAUGES)
    new Gauge({
      name: `crossroot_log_${name}`,
      help,
      labelNames: ['chain'] as const,
      registers: [registry],
      collect() {
        for (const status of log.status()) this.set({ chain: status.chain }, status[of]);
      },
    });
}
