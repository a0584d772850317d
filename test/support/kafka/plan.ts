import type { ForeignHeader } from '../../../adapters/types.js';
import { type EventInput, type EventName, eventOf } from '../../../indexers/log/event.js';
import { fakeGenesis, fakeHeader } from '../indexers/fakeKind.js';

/** Each run of twelve events connects, finalises once, takes two blocks back and connects two others. */
const RUN = 12;

/**
 * The events of a made-up chain with a reorganisation in each run of twelve, always the same: event `number` is
 * `planned(number)[number - 1]`.
 */
export function planned(count: number): EventInput[] {
  const events: EventInput[] = [];
  const chain: ForeignHeader[] = [];
  const add = (type: EventName, header: ForeignHeader): void => {
    events.push(eventOf(type, header));
    if (type === 'connect') chain.push(header);
    else if (type === 'disconnect') chain.pop();
  };
  for (let at = 0; at < count; at++) {
    const step = at % RUN;
    const tip = chain.at(-1);
    if (tip === undefined) add('connect', fakeGenesis);
    else if (step === 5) add('finalize', chain[Math.max(0, chain.length - 4)] ?? tip);
    else if (step === 8 || step === 9) add('disconnect', tip);
    else add('connect', fakeHeader(tip, at));
  }
  return events;
}
