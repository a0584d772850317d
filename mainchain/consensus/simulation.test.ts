import { beforeAll, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { checkHealed, healingTests, rough } from '../../test/mainchain/healing.js';
import { Simulation } from '../../test/mainchain/simulation.js';

beforeAll(useFastHasher);

describe('finality in a simulated network', () => {
  it('advances by a block a slot when all is well', () => {
    const sim = new Simulation({
      seed: 1,
      nodes: 4,
      faulty: 0,
      roughSlots: 0,
      quietSlots: 100,
      loss: 0,
      maxDelayTicks: 1,
    });
    sim.run();
    expect(sim.progress()[0]).toBeGreaterThanOrEqual(97);
  });

  healingTests([
    [4, 0, 3],
    [4, 1, 4],
    [5, 1, 2],
    [7, 2, 2],
  ]);

  it('goes on after three of four lost the certificate that they voted from', () => {
    const more = { loss: 0.15, maxDelayTicks: 30, seed: 137 * 77 + 4, nodes: 4, faulty: 0 };
    const sim = new Simulation({ ...rough, ...more });
    sim.run();
    checkHealed(sim, rough.quietSlots);
  });
});
