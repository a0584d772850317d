import type { ForeignHeader } from '../../../adapters/types.js';
import { type ChainEvent, eventOf } from '../../../indexers/log/event.js';

/** The event that connects a header, as a log has it. */
export function connectOf(chain: string, header: ForeignHeader, number = 1): ChainEvent {
  return { ...eventOf('connect', header), chain, number, epoch: 1 };
}
