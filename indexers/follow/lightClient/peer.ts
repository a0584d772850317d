import { SourceFaultError, SourceUnavailableError } from '../../../adapters/errors.js';
import { LightClientRuleError } from '../../../adapters/ethereum/consensus/errors.js';
import { slotAtTime } from '../../../adapters/ethereum/consensus/forks.js';
import type { BeaconSource } from '../../../adapters/ethereum/sources/beacon/source.js';
import { type HealthOptions, HealthRecord, type SourceHealth } from '../health.js';

/** Epochs by which a source's newest finalized block may trail ours before it counts as behind. */
const LAG_EPOCHS = 2;

/** One source of light-client data with its health. Its network is checked first, once after each failure. */
export class BeaconPeer {
  readonly record: HealthRecord;
  /** Slot of the newest finalized block that it has shown. */
  finalizedSlot: number | undefined;
  #checked = false;

  constructor(
    readonly source: BeaconSource,
    options: HealthOptions,
  ) {
    this.record = new HealthRecord(source.name, options);
  }

  get name(): string {
    return this.source.name;
  }

  async check(): Promise<void> {
    if (this.#checked) return;
    await this.record.call('check', this.source.check());
    this.#checked = true;
  }

  /** Compares what it shows as final with what is known. */
  showed(finalizedSlot: number, known: number): void {
    this.finalizedSlot = finalizedSlot;
    this.record.setBehind(finalizedSlot + LAG_EPOCHS * this.source.network.slotsPerEpoch < known);
  }

  failed(error: unknown): void {
    this.#checked = false;
    this.record.failed(error);
  }

  health(): SourceHealth {
    return this.record.health(this.finalizedSlot);
  }

  /**
   * Does something with this source's data; what the light client refuses of it is the source's doing.
   * @throws SourceFaultError for what breaks a rule; SourceUnavailableError for what is ahead of our clock or of this program
   */
  async judged<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof LightClientRuleError)) throw error;
      const { rule, slot, message } = error;
      if (error.retryable || rule === 'unsupported-fork')
        throw new SourceUnavailableError(this.name, `${what} cannot be checked yet: ${message}`, error);
      const details = { rule, slot, height: slot };
      throw new SourceFaultError(this.name, `${what} is refused: ${message}`, details, error);
    }
  }

  /** @throws SourceUnavailableError for what is signed later than the network's clock allows */
  checkClock(what: string, signatureSlot: number, now: number): void {
    const current = slotAtTime(this.source.network, now);
    if (current !== undefined && signatureSlot > current)
      throw new SourceUnavailableError(
        this.name,
        `${what} is signed at slot ${signatureSlot}, after the current one, ${current}`,
      );
  }
}
