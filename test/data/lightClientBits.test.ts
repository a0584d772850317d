import { beforeAll, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { flip, mainnetSubjects, type Subject } from '../support/lightClientBits.js';
import { hasData, needsData } from './folder.js';

/** Of the bits of each subject, one in so many; all of the first ones and of the signature slot. */
const STEP = 211;
const EDGE = 256;

beforeAll(useFastHasher);

describe.skipIf(!hasData)(needsData('light client: flipped bits of real data, sampled'), () => {
  it.each(hasData ? mainnetSubjects() : [])('$name', (subject: Subject) => {
    const good = subject.run(subject.bytes);
    const bits = 8 * subject.bytes.length;
    const names = new Map<string, number>();
    const offset = 78;
    for (let bit = 0; bit < bits; bit++) {
      const sampled =
        bit % STEP === offset || bit < EDGE || (bit >= subject.free.from && bit < subject.free.to);
      if (!sampled) continue;
      const name = flip(subject, bit, good);
      names.set(name, (names.get(name) ?? 0) + 1);
    }
    const refusals = [...names.keys()].filter((name) => name !== 'same');
    expect(refusals.length).toBeGreaterThan(1);
    expect(names.get('same') ?? 0).toBeLessThan(64);
  });
});
