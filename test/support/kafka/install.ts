export { findKafka, type KafkaInstallation } from '../../../devnet/kafka/install.js';
