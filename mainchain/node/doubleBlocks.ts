import { bytesEqual, compareBytes } from '../../proofs/bytes.js';
import { type Evidence, EvidenceKind, type SignedHeader } from '../../proofs/containers/evidence.js';

/** Slots that are remembered. */
const WINDOW = 512;

/** Notices two valid blocks of one producer for one slot. */
export class DoubleBlockWatch {
  readonly #seen = new Map<string, { readonly signed: SignedHeader; readonly root: Uint8Array }>();

  /** Takes a valid block's header. @returns evidence, if its producer made another block for the slot */
  add(signed: SignedHeader, root: Uint8Array): Evidence | undefined {
    const { term, slot, producer } = signed.header;
    const id = `${term}:${slot}:${producer}`;
    const other = this.#seen.get(id);
    if (other === undefined) {
      this.#seen.set(id, { signed, root });
      for (const oldest of this.#seen.keys()) {
        if (this.#seen.size <= WINDOW) break;
        this.#seen.delete(oldest);
      }
      return undefined;
    }
    if (bytesEqual(other.root, root)) return undefined;
    const headers = compareBytes(other.root, root) < 0 ? [other.signed, signed] : [signed, other.signed];
    return { kind: EvidenceKind.doubleBlock, votes: [], headers };
  }
}
