import type { BranchRecord } from '../../adapters/chain/branches.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { readUint64, Table, tableKey } from '../keys.js';
import { Lru } from '../lru.js';
import { Serial } from '../serial.js';

export type EvidenceKind =
  /** A header that breaks a rule of its chain. */
  | 'invalid-header'
  /** An answer that cannot be true: unlinked, wrong network, wrong checkpoint. */
  | 'source-fault'
  /** Two sources name different blocks at one height. */
  | 'disagreement'
  /** A branch that would undo what the chain itself called final. */
  | 'finality-conflict';

export interface Evidence {
  readonly kind: EvidenceKind;
  readonly source: string;
  readonly height: number;
  /** As the chain's own users read it; empty if there is none. */
  readonly hash: string;
  readonly message: string;
  /** Raw header, bare hex, where there is one. */
  readonly raw?: string;
  /** Whether both branches' headers are kept with it. */
  readonly branches?: boolean;
  /** When it was seen, Unix seconds. */
  readonly seen: number;
}

export interface NumberedEvidence extends Evidence {
  readonly number: number;
}

const KEEP = 1000;
/** Records that keep their branches' headers, up to 2 MB each. */
const KEEP_BRANCHES = 8;

/** What sources did wrong, per chain: the newest thousand records. The same thing is kept once while it is remembered. */
export class EvidenceBook {
  readonly #store: KeyValueStore;
  readonly #serial = new Serial();
  readonly #seen = new Lru<string, true>(KEEP);

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  /**
   * @param branches both branches' headers; those of the newest eight records are kept
   * @returns whether it was new
   */
  async record(chain: string, evidence: Evidence, branches?: BranchRecord): Promise<boolean> {
    // Faults of one kind, whatever the numbers in them.
    const what = evidence.message.replace(/0x[0-9a-f]+|[0-9]+/gi, '#').slice(0, 200);
    const id = [chain, evidence.kind, evidence.source, evidence.height, evidence.hash, what].join('|');
    if (this.#seen.get(id) !== undefined) return false;
    this.#seen.set(id, true);
    await this.#serial.run(async () => {
      const [newest] = await this.list(chain, 1);
      const number = (newest?.number ?? 0) + 1;
      const value = new TextEncoder().encode(
        JSON.stringify(branches === undefined ? evidence : { ...evidence, branches: true }),
      );
      const writes: KeyValueWrite[] = [{ type: 'put', key: tableKey(Table.evidence, chain, number), value }];
      if (number > KEEP) writes.push({ type: 'del', key: tableKey(Table.evidence, chain, number - KEEP) });
      if (branches !== undefined) writes.push(...(await this.#branchWrites(chain, number, branches)));
      await this.#store.batch(writes);
    });
    return true;
  }

  /** Newest first. */
  async list(chain: string, limit: number): Promise<NumberedEvidence[]> {
    const found: NumberedEvidence[] = [];
    const range = {
      gte: tableKey(Table.evidence, chain, 0),
      lt: tableKey(Table.evidence, chain, Number.MAX_SAFE_INTEGER),
      reverse: true,
      limit,
    };
    for await (const [key, value] of this.#store.range(range))
      found.push({ ...decode(value), number: readUint64(key, key.length - 8) });
    return found;
  }

  /** One record, with both branches' headers where they are kept. */
  get(
    chain: string,
    number: number,
  ): { evidence: NumberedEvidence; branches: BranchRecord | undefined } | undefined {
    const value = this.#store.get(tableKey(Table.evidence, chain, number));
    if (value === undefined) return undefined;
    const branches = this.#store.get(tableKey(Table.evidenceBranches, chain, number));
    return {
      evidence: { ...decode(value), number },
      // Written by `record` alone.
      branches: branches && (JSON.parse(new TextDecoder().decode(branches)) as BranchRecord),
    };
  }

  async #branchWrites(chain: string, number: number, branches: BranchRecord): Promise<KeyValueWrite[]> {
    const writes: KeyValueWrite[] = [
      {
        type: 'put',
        key: tableKey(Table.evidenceBranches, chain, number),
        value: new TextEncoder().encode(JSON.stringify(branches)),
      },
    ];
    const range = {
      gte: tableKey(Table.evidenceBranches, chain, 0),
      lt: tableKey(Table.evidenceBranches, chain, number),
      reverse: true,
      limit: KEEP_BRANCHES,
    };
    let kept = 1;
    for await (const [key] of this.#store.range(range))
      if (++kept > KEEP_BRANCHES) writes.push({ type: 'del', key });
    return writes;
  }
}

/** @throws MalformedInputError */
function decode(value: Uint8Array): Evidence {
  const evidence: unknown = JSON.parse(new TextDecoder().decode(value));
  if (!isEvidence(evidence)) throw new MalformedInputError('evidence record', 'cannot be read');
  return evidence;
}

function isEvidence(value: unknown): value is Evidence {
  return typeof value === 'object' && value !== null && 'kind' in value && 'source' in value;
}
