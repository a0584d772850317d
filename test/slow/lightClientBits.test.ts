import { beforeAll, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { hasData, needsData } from '../data/folder.js';
import { flip, mainnetSubjects, type Subject } from '../support/lightClientBits.js';

beforeAll(useFastHasher);

describe.skipIf(!hasData)(needsData('light client: every bit of real data, flipped'), () => {
  it.each(hasData ? mainnetSubjects() : [])('$name', (subject: Subject) => {
    const good = subject.run(subject.bytes);
    const names = new Map<string, number>();
    for (let bit = 0; bit < 8 * subject.bytes.length; bit++) {
      const name = flip(subject, bit, good);
      names.set(name, (names.get(name) ?? 0) + 1);
    }
    console.log(subject.name, Object.fromEntries(names));
    expect([...names.values()].reduce((sum, count) => sum + count, 0)).toBe(8 * subject.bytes.length);
  });
});
