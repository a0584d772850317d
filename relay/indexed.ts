import type { DroppedProofs } from '../indexers/sinks/sampler.js';
import type { IndexReader, IndexWriter, ServedProof } from '../indexers/store/indexStore.js';
import type { Worker } from './apiService.js';
import { ProofRecorder } from './proofs/recorder.js';

/** What a service is given of the index: `index` and `onProof` for its configuration, and one more worker. */
export interface Indexed {
  readonly index: IndexReader;
  readonly onProof: (proof: ServedProof) => void;
  readonly worker: Worker;
  /** Proofs that were sent and could not be noted, since the start. */
  readonly dropped: () => DroppedProofs;
}

/**
 * Answers questions from `store`, and notes each proof that is sent in it, behind the answer. The store stays its opener's to close,
 * after the worker has stopped.
 */
export function withIndex(
  store: IndexReader & Pick<IndexWriter, 'writeProofs'>,
  onError: (error: unknown) => void,
): Indexed {
  const recorder = new ProofRecorder({ write: (proofs) => store.writeProofs(proofs), onError });
  const worker = {
    name: 'records of proofs',
    start: () => recorder.start(),
    stop: () => recorder.stop(),
  };
  return { index: store, onProof: recorder.add, worker, dropped: () => recorder.given };
}
