import { concatBytes, utf8 } from '../../proofs/bytes.js';
import {
  type BlockRef,
  BlockRefType,
  type Certificate,
  CertificateType,
} from '../../proofs/containers/consensus.js';
import { type Evidence, EvidenceType } from '../../proofs/containers/evidence.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';

/** Keys of what the node keeps beside the chain. All begin with `~`, which no key of the chain does. */
const FINALIZED = utf8('~finalized');
const FINALIZING = utf8('~f:');
const OPEN = utf8('~o:');
const EVIDENCE = utf8('~e:');

function heightKey(prefix: Uint8Array, height: number, root: Uint8Array = new Uint8Array(0)): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(height));
  return concatBytes(prefix, bytes, root);
}

function end(prefix: Uint8Array): Uint8Array {
  const bytes = prefix.slice();
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 1;
  return bytes;
}

/** Certificates, evidence and the newest final block, on disk. */
export class ConsensusRecords {
  readonly #store: KeyValueStore;

  constructor(store: KeyValueStore) {
    this.#store = store;
  }

  finalized(): BlockRef | undefined {
    const bytes = this.#store.get(FINALIZED);
    return bytes === undefined ? undefined : BlockRefType.deserialize(bytes);
  }

  /** The certificate whose direct link finalised the block at `height`. */
  finalizing(height: number): Certificate | undefined {
    const bytes = this.#store.get(heightKey(FINALIZING, height));
    return bytes === undefined ? undefined : CertificateType.deserialize(bytes);
  }

  /** The finalising certificate of the lowest block at or above `height`. */
  async finalizingFrom(height: number): Promise<Certificate | undefined> {
    const range = { gte: heightKey(FINALIZING, height), lt: end(FINALIZING), limit: 1 };
    for await (const [, value] of this.#store.range(range)) return CertificateType.deserialize(value);
    return undefined;
  }

  /** Certificates whose targets were not final when last written, lowest target first. */
  async open(): Promise<Certificate[]> {
    const found: Certificate[] = [];
    for await (const [, value] of this.#store.range({ gte: OPEN, lt: end(OPEN) })) {
      found.push(CertificateType.deserialize(value));
    }
    return found;
  }

  async evidence(limit = 256): Promise<Evidence[]> {
    const found: Evidence[] = [];
    for await (const [, value] of this.#store.range({ gte: EVIDENCE, lt: end(EVIDENCE), limit })) {
      found.push(EvidenceType.deserialize(value));
    }
    return found;
  }

  /**
   * Keeps what one input brought. Not synced by itself: a later synced write of the same store (the vote journal)
   * makes it durable, and what a crash loses is learned again from peers and blocks.
   */
  async write(
    certificates: readonly Certificate[],
    evidence: readonly Evidence[],
    finalized: BlockRef | undefined,
  ): Promise<void> {
    const writes: KeyValueWrite[] = [];
    for (const certificate of certificates) {
      const value = CertificateType.serialize(certificate);
      const { source, target } = certificate.vote;
      writes.push({ type: 'put', key: heightKey(OPEN, target.height, target.root), value });
      if (target.height === source.height + 1) {
        writes.push({ type: 'put', key: heightKey(FINALIZING, source.height), value });
      }
    }
    for (const one of evidence) {
      const key = concatBytes(EVIDENCE, EvidenceType.hashTreeRoot(one));
      writes.push({ type: 'put', key, value: EvidenceType.serialize(one) });
    }
    if (finalized !== undefined) {
      writes.push({ type: 'put', key: FINALIZED, value: BlockRefType.serialize(finalized) });
      const lt = heightKey(OPEN, finalized.height + 1);
      for await (const [key] of this.#store.range({ gte: OPEN, lt })) writes.push({ type: 'del', key });
    }
    if (writes.length > 0) await this.#store.batch(writes, { sync: false });
  }
}
