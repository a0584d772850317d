import type { KafkaDriver, KafkaSettings } from '../../../indexers/log/kafka/driver.js';
import { kafkajsDriver } from '../../../indexers/log/kafka/kafkajs/driver.js';
import { platformaticDriver } from '../../../indexers/log/kafka/platformatic/driver.js';

/** Every driver, by name. */
export const DRIVERS: readonly (readonly [string, (settings: KafkaSettings) => Promise<KafkaDriver>])[] = [
  ['kafkajs', kafkajsDriver],
  ['platformatic', platformaticDriver],
];
