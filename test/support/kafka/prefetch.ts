import { findKafka } from '../../../devnet/kafka/install.js';

/**
 * Before the suites over real programs: fetches Kafka where it is missing, which may take minutes, and looks for it in vain
 * once only.
 */
export function setup(): void {
  const found = findKafka();
  if (typeof found !== 'string') return;
  console.warn(`Kafka: ${found}`);
  process.env.CROSSROOT_KAFKA = 'none';
}
