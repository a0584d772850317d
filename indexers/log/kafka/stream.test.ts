import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MainHeaderType } from '../../../proofs/containers/header.js';
import { MemoryStore } from '../../../storage/memory.js';
import { FakeBroker } from '../../../test/support/kafka/fakeBroker.js';
import { KafkaLog } from './kafkaLog.js';
import type { BlockRecord } from './records.js';

const block = (height: number): BlockRecord => ({
  header: MainHeaderType.serialize({ ...MainHeaderType.defaultValue(), height }),
  certificate: Uint8Array.of(height),
});
const evidence = (n: number) => ({ chain: 'a', evidence: new TextEncoder().encode(`{"n":${n}}`) });

test('blocks and evidence are read once by each name, in order, over restarts, whatever lies between', async () => {
  const broker = new FakeBroker();
  const [one, two] = [new MemoryStore(), new MemoryStore()];
  const open = (store: MemoryStore) =>
    new KafkaLog({ driver: broker.driver(), store, prefix: 'x', maxWaitMs: 30 });
  const writer = open(one);
  const hostile = fc.sample(
    fc.record({
      key: fc.option(fc.uint8Array(), { nil: undefined }),
      value: fc.option(fc.uint8Array({ maxLength: 900 }), { nil: undefined }),
    }),
    { numRuns: 60, seed: 3 },
  );
  const [blocks, faults] = [writer.blocks(), writer.evidence()];
  const seen: number[] = [];
  const told: string[] = [];
  const read = async (until: number): Promise<void> => {
    const reader = open(two);
    reader.blocks().follow('index', async (values) => {
      for (const { header } of values) seen.push(MainHeaderType.deserialize(header).height);
      return [{ type: 'put', key: Uint8Array.of(0xee), value: Uint8Array.of(seen.length) }];
    });
    reader.evidence().follow('index', async (values) => {
      for (const each of values) told.push(new TextDecoder().decode(each.evidence));
      return [];
    });
    await expect.poll(() => [seen.length, told.length], { timeout: 5000 }).toEqual([until, until]);
    await reader.close();
  };
  let count = 0;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5; i++) {
      await blocks.publish([block(++count)]);
      await faults.publish([evidence(count)]);
      for (const topic of ['x.blocks', 'x.evidence'])
        broker.write(topic, hostile.slice(4 * i, 4 * i + 4), { gzip: i % 2 === 0 });
      const [whole] = [block(count + 1000)];
      broker.write('x.blocks', [{ key: new Uint8Array(32), value: Uint8Array.of(1, ...whole.header) }]);
    }
    await read(count);
  }
  expect(seen).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  expect(told.at(-1)).toBe(`{"n":${count}}`);
  expect(two.get(Uint8Array.of(0xee))).toEqual(Uint8Array.of(count));
  await expect.poll(() => broker.end('x.poison'), { timeout: 5000 }).toBeGreaterThan(0);
  await writer.close();
});
