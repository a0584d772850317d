import { beforeAll, describe } from 'vitest';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { healingTests } from '../../test/mainchain/healing.js';

beforeAll(useFastHasher);

describe('finality in a simulated network, over many seeds', () => {
  healingTests([
    [4, 0, 24],
    [4, 1, 32],
    [5, 1, 16],
    [7, 2, 16],
  ]);
});
