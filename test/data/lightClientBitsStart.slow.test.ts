import { beforeAll, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { flipAll, mainnetSubjects, type Subject } from '../support/lightClientBits.js';
import { hasData, needsData } from './folder.js';

beforeAll(useFastHasher);

describe.skipIf(!hasData)(
  needsData('light client: every bit of real data flipped, the start and the first update'),
  () => {
    it.each(hasData ? mainnetSubjects().slice(0, 2) : [])('$name', (subject: Subject) => {
      const names = flipAll(subject);
      console.log(subject.name, Object.fromEntries(names));
      expect([...names.values()].reduce((sum, count) => sum + count, 0)).toBe(8 * subject.bytes.length);
    });
  },
);
