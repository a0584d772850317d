import type { Kafka } from 'kafkajs';
import { ended, type Tell } from '../closing.js';
import type { GroupMember, GroupOptions } from '../driver.js';
import { fromKafkajs } from './errors.js';

/** A member of a group by kafkajs's consumer with every topic paused: for membership and positions only. */
export async function joinByKafkajs(kafka: Kafka, options: GroupOptions, tell: Tell): Promise<GroupMember> {
  const { group, topics, sessionTimeoutMs, onAssigned, onLost } = options;
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 6),
    // Paused as it is, the consumer sleeps so long between two looks at its membership.
    maxWaitTimeInMs: Math.floor(sessionTimeoutMs / 8),
    allowAutoTopicCreation: false,
    retry: { retries: 4, initialRetryTime: 100, maxRetryTime: 1000, restartOnFailure: async () => false },
  });
  const admin = kafka.admin();
  let confirmed = Date.now();
  let left = false;
  let joined: () => void = () => undefined;
  const first = new Promise<void>((resolve, reject) => {
    joined = resolve;
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      reject(payload.error);
      if (!left) onLost(payload.error);
    });
  });
  // Awaited below, unless connecting fails first, which is thrown; every crash is told by `onLost`.
  first.catch(() => undefined);
  consumer.on(consumer.events.HEARTBEAT, () => {
    confirmed = Date.now();
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    confirmed = Date.now();
    const mine = Object.entries(payload.memberAssignment)
      .filter(([, partitions]) => partitions.includes(0))
      .map(([topic]) => topic);
    consumer.pause(topics.map((topic) => ({ topic })));
    joined();
    if (!left) onAssigned(mine);
  });
  const stop = async (): Promise<void> => {
    left = true;
    // The group drops a member that cannot say that it leaves.
    await ended(`the member of ${group}`, () => consumer.disconnect(), tell);
    await ended(`the connection for positions of ${group}`, () => admin.disconnect(), tell);
  };
  try {
    await admin.connect();
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: async () => undefined });
    await first;
  } catch (error) {
    await stop();
    throw fromKafkajs(`join ${group}`, error);
  }
  return {
    lastConfirmed: () => confirmed,
    async commit(topic, position) {
      try {
        await consumer.commitOffsets([{ topic, partition: 0, offset: String(position) }]);
      } catch (error) {
        throw fromKafkajs(`commit for ${group}`, error);
      }
    },
    async committed(topic) {
      try {
        const [found] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
        return Math.max(0, Number(found?.partitions.find(({ partition }) => partition === 0)?.offset ?? 0));
      } catch (error) {
        throw fromKafkajs(`fetch the position of ${group}`, error);
      }
    },
    leave: stop,
  };
}
