import { describe, expect, it } from 'vitest';
import { IndexQueryError } from '../../indexers/store/errors.js';
import type { ServedProof } from '../../indexers/store/indexStore.js';
import { ProofRecorder } from './recorder.js';

const proof = (height: number): ServedProof => ({
  chain: 'made-up',
  kind: 'tx',
  subject: 'a',
  height,
  mainHeight: 1,
  bytes: 2,
  milliseconds: 3,
  time: 4,
});

describe('records of sent proofs', () => {
  it('are written together, behind the answer', async () => {
    const written: (readonly ServedProof[])[] = [];
    const recorder = new ProofRecorder({ write: async (proofs) => void written.push(proofs), gatherMs: 10 });
    recorder.start();
    for (let height = 0; height < 5; height++) recorder.add(proof(height));
    expect(written).toEqual([]);
    await expect.poll(() => written).toHaveLength(1);
    expect(written[0]?.map((one) => one.height)).toEqual([0, 1, 2, 3, 4]);
    recorder.add(proof(5));
    await recorder.stop();
    expect(written[1]?.map((one) => one.height)).toEqual([5]);
  });

  it('come again after a failure, in order and none twice', async () => {
    const written: number[] = [];
    const errors: unknown[] = [];
    let away = 2;
    const recorder = new ProofRecorder({
      write: async (proofs) => {
        if (away-- > 0) throw new Error('away');
        written.push(...proofs.map((one) => one.height));
      },
      batch: 2,
      gatherMs: 1,
      retryMs: 1,
      onError: (error) => errors.push(error),
    });
    recorder.start();
    for (let height = 0; height < 5; height++) recorder.add(proof(height));
    await expect.poll(() => written).toEqual([0, 1, 2, 3, 4]);
    expect(errors).toHaveLength(2);
    await recorder.stop();
  });

  it('are limited: the oldest go, and a store that hangs delays nothing', async () => {
    let release: (() => void) | undefined;
    const written: number[] = [];
    const recorder = new ProofRecorder({
      write: async (proofs) => {
        if (written.length === 0) await new Promise<void>((resolve) => (release = resolve));
        written.push(...proofs.map((one) => one.height));
      },
      keep: 100,
      batch: 40,
      gatherMs: 1,
    });
    recorder.start();
    for (let height = 0; height < 100; height++) recorder.add(proof(height));
    await expect.poll(() => release).toBeDefined();
    for (let height = 100; height < 1000; height++) recorder.add(proof(height));
    expect(recorder.dropped).toBeGreaterThan(800);
    release?.();
    await recorder.stop();
    // The batch under way, then what was kept; none twice.
    expect(written.slice(0, 40)).toEqual(Array.from({ length: 40 }, (_, i) => i));
    expect(written.slice(40)).toEqual(
      Array.from({ length: 1000 - recorder.dropped }, (_, i) => recorder.dropped + i),
    );
  });

  it('end with the service even where the store is away', async () => {
    const recorder = new ProofRecorder({ write: () => Promise.reject(new Error('away')) });
    recorder.start();
    recorder.add(proof(1));
    await recorder.stop();
    expect(recorder.given).toEqual({ full: 0, refused: 0, ended: 1 });
  });

  it('are given up where the index refuses them for good, and counted; later ones are written', async () => {
    const written: number[] = [];
    const recorder = new ProofRecorder({
      write: async (proofs) => {
        if (proofs.some(({ height }) => height < 3))
          throw new IndexQueryError('writing', new Error('no'), false);
        written.push(...proofs.map(({ height }) => height));
      },
      ...{ gatherMs: 1, retryMs: 1, batch: 3 },
    });
    recorder.start();
    for (let height = 0; height < 5; height++) recorder.add(proof(height));
    await expect.poll(() => written).toEqual([3, 4]);
    await recorder.stop();
    expect(recorder.given).toEqual({ full: 0, refused: 3, ended: 0 });
  });
});
