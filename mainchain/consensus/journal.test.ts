import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8, ZERO32 } from '../../proofs/bytes.js';
import type { VoteData } from '../../proofs/containers/consensus.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import type { KeyValueStore, KeyValueWrite } from '../../storage/keyValue.js';
import { MemoryStore } from '../../storage/memory.js';
import { VoteJournal } from './journal.js';
import { surrounds } from './votes.js';

const vote = (source: number, target: number, branch = 'a'): VoteData => ({
  genesisRoot: ZERO32,
  term: 0,
  setRoot: ZERO32,
  source: { height: source, root: sha256(utf8(`a${source}`)) },
  target: { height: target, root: sha256(utf8(`${branch}${target}`)) },
});

/** Dies at the `n`th write: before it reaches the disk or after. */
class MortalStore extends MemoryStore {
  left = Number.POSITIVE_INFINITY;
  after = false;
  override async batch(writes: readonly KeyValueWrite[]): Promise<void> {
    if (--this.left > 0) return super.batch(writes);
    if (this.left === 0 && this.after) await super.batch(writes);
    throw new Error('killed');
  }
}

describe('vote journal', () => {
  it('lets targets only rise and sources never fall', async () => {
    const journal = VoteJournal.open(new MemoryStore());
    await journal.recordVote(vote(0, 1));
    await expect(journal.recordVote(vote(0, 1, 'b'))).rejects.toThrow('voted for main height 1 already');
    await journal.recordVote(vote(1, 5));
    await expect(journal.recordVote(vote(0, 6))).rejects.toThrow('source 0 is below 1');
    await expect(journal.recordVote(vote(1, 4))).rejects.toThrow('already');
    const other = { ...vote(1, 6), source: { height: 1, root: ZERO32 } };
    await expect(journal.recordVote(other)).rejects.toThrow('another block');
    await journal.raiseFloor(8);
    await expect(journal.recordVote(vote(2, 8))).rejects.toThrow('may have voted');
    await journal.recordVote(vote(2, 9));
  });

  it('lets each slot be produced once', async () => {
    const store = new MemoryStore();
    await VoteJournal.open(store).recordSlot(0);
    const journal = VoteJournal.open(store);
    await expect(journal.recordSlot(0)).rejects.toThrow('produced in slot 0 already');
    await journal.recordSlot(3);
    await expect(VoteJournal.open(store).recordSlot(2)).rejects.toThrow('already');
  });

  it('allows one of two votes that come at once', async () => {
    const journal = VoteJournal.open(new MemoryStore());
    const results = await Promise.allSettled([
      journal.recordVote(vote(0, 1)),
      journal.recordVote(vote(0, 1, 'b')),
    ]);
    expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected']);
  });

  it('never lets out two votes that exclude each other, killed at any write', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(6), fc.nat(9), fc.constantFrom('a', 'b')), { maxLength: 20 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.boolean()), { maxLength: 5 }),
        async (wanted, kills) => {
          const store = new MortalStore();
          let journal = VoteJournal.open(store as KeyValueStore);
          const sent: VoteData[] = [];
          const arm = () => {
            const kill = kills.pop();
            store.left = kill?.[0] ?? Number.POSITIVE_INFINITY;
            store.after = kill?.[1] ?? false;
          };
          arm();
          for (const [source, target, branch] of wanted) {
            const data = vote(source, target, branch);
            try {
              await journal.recordVote(data);
              sent.push(data);
            } catch (error) {
              if (error instanceof Error && error.message === 'killed') {
                journal = VoteJournal.open(store as KeyValueStore);
                arm();
              }
            }
          }
          for (const [i, a] of sent.entries()) {
            for (const b of sent.slice(i + 1)) {
              expect(a.target.height).not.toBe(b.target.height);
              expect(surrounds(a, b) || surrounds(b, a)).toBe(false);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
  });
});
