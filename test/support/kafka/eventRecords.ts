import { uint64 } from '../../../indexers/keys.js';
import { type ChainEvent, encodeEvent } from '../../../indexers/log/event.js';
import type { OutRecord } from '../../../indexers/log/kafka/driver.js';
import { RecordKind } from '../../../indexers/log/kafka/messages.js';
import { concatBytes } from '../../../proofs/bytes.js';

/** One append record by record, each made by itself, as `docs/kafka.md` says it. @param holder of the lease, 16 bytes */
export function eventRecords(events: readonly ChainEvent[], holder: Uint8Array): OutRecord[] {
  return events.map((event) => ({
    key: uint64(event.number),
    value: encodeEvent(event),
    headers: {
      kind: Uint8Array.of(RecordKind.event),
      lease: concatBytes(uint64(event.epoch), holder, uint64(events[0]?.number ?? 0)),
      parent: event.parentHash,
    },
  }));
}
