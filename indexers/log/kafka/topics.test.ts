import { describe, expect, test, vi } from 'vitest';
import { FakeBroker } from '../../../test/support/kafka/fakeBroker.js';
import { TopicShapeError } from './errors.js';
import { Topics } from './topics.js';

const topics = new Topics({ prefix: 'x', replication: 1, maxBatchBytes: 1000 });
const FOR_EVER = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' };

describe('topics that somebody else made', () => {
  const ensure = async (topic: string, config: Readonly<Record<string, string>>) => {
    const broker = new FakeBroker();
    const driver = broker.driver();
    await topics.ensure(driver, topic);
    broker.configs.set(topic, new Map(Object.entries(config)));
    await topics.ensure(driver, topic);
  };

  test.each([
    [topics.events('a'), FOR_EVER],
    [topics.evidence, FOR_EVER],
    [topics.evidence, { ...FOR_EVER, 'cleanup.policy': 'compact' }],
    // Limits that nobody heeds, as nothing is deleted.
    [topics.poison, { 'cleanup.policy': 'compact', 'retention.ms': '604800000', 'retention.bytes': '-1' }],
    // This user may not see them.
    [topics.events('a'), {}],
  ])('%s with %j is taken', async (topic, config) => {
    await ensure(topic, config);
  });

  test.each([
    [
      topics.events('a'),
      { ...FOR_EVER, 'retention.ms': '604800000' },
      /oldest records \(retention\.ms=604800000\)/,
    ],
    [topics.blocks, { ...FOR_EVER, 'retention.bytes': '1073741824' }, /retention\.bytes=1073741824/],
    [topics.events('a'), { ...FOR_EVER, 'cleanup.policy': 'compact' }, /compacted/],
    [topics.blocks, { ...FOR_EVER, 'cleanup.policy': 'compact,delete' }, /compacted/],
    [
      topics.evidence,
      { ...FOR_EVER, 'cleanup.policy': 'compact, delete', 'retention.ms': '1000' },
      /retention\.ms=1000/,
    ],
  ])('%s with %j is refused', async (topic, config, told) => {
    const refused = ensure(topic, config);
    await expect(refused).rejects.toThrow(TopicShapeError);
    await expect(refused).rejects.toThrow(told);
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('-1') });
  });
});

test('a topic that is there is not made again: brokers refuse that to whoever may not make any', async () => {
  const refused = Object.assign(new Error('no'), { apiId: 'TOPIC_AUTHORIZATION_FAILED' });
  class Admin {
    listTopics = async () => ['x.events.a'];
    createTopics = async () => Promise.reject(refused);
    metadata = async () => ({ topics: new Map([['x.events.a', { partitionsCount: 1 }]]) });
    describeConfigs = async () => Promise.reject(refused);
    close = async () => undefined;
  }
  vi.doMock('@platformatic/kafka', () => ({ Admin, ConfigResourceTypes: { TOPIC: 2 } }));
  const { platformaticDriver } = await import('./platformatic/driver.js');
  const driver = await platformaticDriver({ brokers: ['localhost:1'], clientId: 'x' });
  await topics.ensure(driver, topics.events('a'));
  await expect(topics.ensure(driver, topics.events('b'))).rejects.toMatchObject({
    name: 'KafkaRefusedError',
  });
  vi.doUnmock('@platformatic/kafka');
});
