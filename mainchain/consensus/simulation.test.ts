import { beforeAll, describe, expect, it } from 'vitest';
import { useFastHasher } from '../../proofs/hash/fast.js';
import { Simulation } from '../../test/mainchain/simulation.js';
import { surrounds } from './votes.js';

beforeAll(useFastHasher);

const rough = { roughSlots: 40, quietSlots: 30, loss: 0.1, maxDelayTicks: 25 };

function check(sim: Simulation, quiet: number): void {
  const [low, high] = sim.progress();
  // Everybody goes on after the trouble, together.
  expect(low).toBeGreaterThanOrEqual(quiet / 3);
  expect(high - low).toBeLessThanOrEqual(3);
  const accounts = new Set(sim.evidence.flatMap((e) => e.votes.map((v) => v.index)));
  for (const honest of sim.honest) expect(accounts.has(honest.index)).toBe(false);
}

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

  for (const [nodes, faulty, seeds] of [
    [4, 0, 12],
    [4, 1, 16],
    [5, 1, 8],
    [7, 2, 8],
  ] as const) {
    it(`is safe always and live after healing: ${nodes} delegates, ${faulty} equivocating, ${seeds} seeds`, () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const sim = new Simulation({ ...rough, seed: seed * 1000 + nodes, nodes, faulty });
        sim.run();
        check(sim, rough.quietSlots);
        if (seed === 1) {
          for (const a of sim.honestVotes) {
            for (const b of sim.honestVotes) {
              if (a === b || a.index !== b.index) continue;
              expect(a.vote.target.height).not.toBe(b.vote.target.height);
              expect(surrounds(a.vote, b.vote)).toBe(false);
            }
          }
        }
        if (faulty > 0) expect(sim.evidence.length).toBeGreaterThan(0);
      }
    });
  }

  it('goes on after three of four lost the certificate that they voted from', () => {
    const more = { loss: 0.15, maxDelayTicks: 30, seed: 137 * 77 + 4, nodes: 4, faulty: 0 };
    const sim = new Simulation({ ...rough, ...more });
    sim.run();
    check(sim, rough.quietSlots);
  });
});
