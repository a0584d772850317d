import { bytesEqual } from '../../proofs/bytes.js';
import type { EventLog } from '../log/eventLog.js';
import type { IndexReader } from '../store/indexStore.js';
import { OtherLogError } from './errors.js';

/**
 * That the index was filled from this very log, as far as it is filled: after the same event both have the same tip. Another log, such as
 * one that was made anew, may have other events under the same numbers.
 * @throws OtherLogError; as log and index do
 */
export async function checkSameLog(
  log: Pick<EventLog, 'read' | 'last' | 'catchUp'>,
  index: Pick<IndexReader, 'view'>,
  chain: string,
): Promise<void> {
  const { number, height, hash } = await index.view(chain);
  if (number === 0) return;
  await log.catchUp?.(chain);
  const last = (await log.last(chain))?.number ?? 0;
  if (last < number) throw new OtherLogError(chain, number, `the log ends at ${last}`);
  const tip = await tipAfter(log, chain, number);
  if (tip !== undefined && (tip.height !== height || !bytesEqual(tip.hash, hash)))
    throw new OtherLogError(chain, number, 'the log has another block there');
}

/** The best chain's tip after an event; `undefined` if no block was ever connected before. */
async function tipAfter(log: Pick<EventLog, 'read'>, chain: string, number: number) {
  for (let at = number; at > 0; at--) {
    const [event] = await log.read(chain, at, 1);
    if (event?.type === 'connect') return { height: event.height, hash: event.hash };
    if (event?.type === 'disconnect') return { height: event.height - 1, hash: event.parentHash };
  }
  return undefined;
}
