import { expect, it } from 'vitest';
import { surrounds } from '../../mainchain/consensus/votes.js';
import { Simulation } from './simulation.js';

/** A network that loses and delays messages for a while, and then no more. */
export const rough = { roughSlots: 40, quietSlots: 30, loss: 0.1, maxDelayTicks: 25 };

export function checkHealed(sim: Simulation, quiet: number): void {
  const [low, high] = sim.progress();
  // Everybody goes on after the trouble, together.
  expect(low).toBeGreaterThanOrEqual(quiet / 3);
  expect(high - low).toBeLessThanOrEqual(3);
  const accounts = new Set(sim.evidence.flatMap((e) => e.votes.map((v) => v.index)));
  for (const honest of sim.honest) expect(accounts.has(honest.index)).toBe(false);
}

/** A test for each: so many delegates, of whom some equivocate, over so many seeds. */
export function healingTests(
  cases: readonly (readonly [nodes: number, faulty: number, seeds: number])[],
): void {
  for (const [nodes, faulty, seeds] of cases) {
    it(`is safe always and live after healing: ${nodes} delegates, ${faulty} equivocating, ${seeds} seeds`, () => {
      for (let seed = 1; seed <= seeds; seed++) {
        const sim = new Simulation({ ...rough, seed: seed * 1000 + nodes, nodes, faulty });
        sim.run();
        checkHealed(sim, rough.quietSlots);
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
}
