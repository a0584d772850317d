import type { BaseOptions } from '@platformatic/kafka';
import { ended, type Tell } from '../closing.js';
import type { GroupMember, GroupOptions } from '../driver.js';
import type { Platformatic } from './driver.js';
import { fromPlatformatic } from './errors.js';

/** A member of a group by @platformatic/kafka's consumer without a stream: for membership and positions only. */
export async function joinByPlatformatic(
  library: Platformatic,
  base: BaseOptions,
  options: GroupOptions,
  tell: Tell,
): Promise<GroupMember> {
  const { group, topics, sessionTimeoutMs, onAssigned, onLost } = options;
  const consumer = new library.Consumer({
    ...base,
    groupId: group,
    autocommit: false,
    sessionTimeout: sessionTimeoutMs,
    rebalanceTimeout: sessionTimeoutMs,
    heartbeatInterval: Math.floor(sessionTimeoutMs / 6),
  });
  let confirmed = Date.now();
  let left = false;
  /** The group drops a member that cannot say that it leaves. */
  const close = () => ended(`the member of ${group}`, () => consumer.close(true), tell);
  consumer.on('consumer:heartbeat:end', () => {
    confirmed = Date.now();
  });
  consumer.on('consumer:group:join', ({ assignments }) => {
    confirmed = Date.now();
    const mine = (assignments ?? []).filter(({ partitions }) => partitions.includes(0));
    if (!left) onAssigned(mine.map(({ topic }) => topic));
  });
  consumer.on('error', (error: Error) => {
    if (!left) onLost(error);
  });
  consumer.topics.trackAll(...topics);
  try {
    await consumer.joinGroup({});
  } catch (error) {
    left = true;
    await close();
    throw fromPlatformatic(`join ${group}`, error);
  }
  return {
    lastConfirmed: () => confirmed,
    async commit(topic, position) {
      try {
        await consumer.commit({
          offsets: [{ topic, partition: 0, offset: BigInt(position), leaderEpoch: -1 }],
        });
      } catch (error) {
        throw fromPlatformatic(`commit for ${group}`, error);
      }
    },
    async committed(topic) {
      try {
        const found = await consumer.listCommittedOffsets({ topics: [{ topic, partitions: [0] }] });
        return Math.max(0, Number(found.get(topic)?.[0] ?? 0n));
      } catch (error) {
        throw fromPlatformatic(`fetch the position of ${group}`, error);
      }
    },
    async leave() {
      left = true;
      await close();
    },
  };
}
