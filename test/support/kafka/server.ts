export { KafkaCluster, type KafkaOptions } from '../../../devnet/kafka/server.js';
