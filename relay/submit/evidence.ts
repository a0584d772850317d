import { utf8 } from '../../proofs/bytes.js';
import type { KeyValueStore } from '../../storage/keyValue.js';

/** A disagreement worth keeping: who said what about which range. */
export interface Evidence {
  /** Unix milliseconds. */
  readonly time: number;
  readonly chain: string;
  readonly node: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

export interface EvidenceLog {
  add(evidence: Evidence): void;
  /** Newest first. */
  recent(chain?: string): readonly Evidence[];
}

const PREFIX = 'relay/evidence/';

/** Keeps the newest entries in memory and every entry in the store, if it has one. */
export function evidenceLog(
  options: {
    readonly store?: KeyValueStore;
    readonly keep?: number;
    readonly onError?: (error: unknown) => void;
  } = {},
): EvidenceLog {
  const { store, keep = 256, onError } = options;
  const entries: Evidence[] = [];
  let serial = 0;
  return {
    add(evidence) {
      entries.unshift(evidence);
      entries.length = Math.min(entries.length, keep);
      if (!store) return;
      const id = `${evidence.time.toString().padStart(15, '0')}/${(serial++ % 1_000_000).toString().padStart(6, '0')}`;
      const write = {
        type: 'put' as const,
        key: utf8(`${PREFIX}${evidence.chain}/${id}`),
        value: utf8(JSON.stringify(evidence)),
      };
      store.batch([write]).catch((error: unknown) => onError?.(error));
    },
    recent: (chain) => entries.filter((entry) => chain === undefined || entry.chain === chain),
  };
}
