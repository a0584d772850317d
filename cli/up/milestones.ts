import type { RelayEvent } from '../../relay/events.js';

type Stage = 'committed' | 'finalized';

/** How far each chain is on the main chain, from the relay's events; waits for a height. */
export class Milestones {
  readonly #heights = new Map<string, number>();
  readonly #waiting = new Set<{
    readonly key: string;
    readonly height: number;
    readonly resolve: () => void;
  }>();

  note(event: RelayEvent): void {
    if (event.type !== 'committed' && event.type !== 'finalized') return;
    const key = `${event.type} ${event.chain}`;
    this.#heights.set(key, event.height);
    for (const wait of this.#waiting) {
      if (wait.key !== key || wait.height > event.height) continue;
      this.#waiting.delete(wait);
      wait.resolve();
    }
  }

  reached(stage: Stage, chain: string, height: number): Promise<void> {
    const key = `${stage} ${chain}`;
    if ((this.#heights.get(key) ?? -1) >= height) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add({ key, height, resolve }));
  }
}
