import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { concatBytes } from '../../proofs/bytes.js';
import { MalformedInputError } from '../../proofs/errors/input.js';
import { sha256 } from '../../proofs/hash/hasher.js';
import type { KeyValueStore } from '../../storage/keyValue.js';
import { LevelStore } from '../../storage/level.js';
import { MemoryStore } from '../../storage/memory.js';
import { logStreamsConformance } from '../../test/conformance/logStreams.js';
import { fakeMainBlock, fakeMainChain } from '../../test/support/indexers/mainBlocks.js';
import { FakeBroker } from '../../test/support/kafka/fakeBroker.js';
import { Table, tableKey, uint64 } from '../keys.js';
import { EmbeddedLog } from './embedded.js';
import { poisonCount } from './embeddedStream.js';
import { KafkaLog } from './kafka/kafkaLog.js';
import { blockCodec, evidenceCodec } from './records.js';

const folder = mkdtempSync(join(tmpdir(), 'crossroot-streams-'));
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function embedded(store: KeyValueStore, reopen: () => Promise<KeyValueStore>) {
  const hostile = async (stream: string, key: Uint8Array, value: Uint8Array): Promise<void> => {
    const end = store.get(tableKey(Table.streamEnd, stream)) ?? uint64(0);
    const at = Number(new DataView(end.buffer, end.byteOffset).getBigUint64(0));
    await store.batch([
      {
        type: 'put',
        key: tableKey(Table.streamRecord, stream, at),
        value: concatBytes(Uint8Array.of(key.length), key, value),
      },
      { type: 'put', key: tableKey(Table.streamEnd, stream), value: uint64(at + 1) },
    ]);
  };
  return {
    streams: new EmbeddedLog(store),
    reopen: async () => new EmbeddedLog(await reopen()),
    hostile,
    setAside: () => poisonCount(store),
  };
}

describe('embedded in memory', () => {
  logStreamsConformance(async () => {
    const store = new MemoryStore();
    return embedded(store, async () => store);
  });
});

describe('embedded on disk', () => {
  let count = 0;
  logStreamsConformance(async () => {
    const path = join(folder, String(count++));
    const store = await LevelStore.open(path);
    closing.push(() => store.close());
    return embedded(store, async () => {
      await store.close();
      const again = await LevelStore.open(path);
      closing.push(() => again.close());
      return again;
    });
  });
});

describe('Kafka', () => {
  logStreamsConformance(async () => {
    const [broker, store] = [new FakeBroker(), new MemoryStore()];
    const open = () => {
      const log = new KafkaLog({ driver: broker.driver(), store, prefix: 'x', maxWaitMs: 30 });
      closing.push(() => log.close());
      return log;
    };
    const streams = open();
    let gzip = false;
    return {
      streams,
      reopen: async () => {
        await streams.close();
        return open();
      },
      hostile: async (stream, key, value) => {
        gzip = !gzip;
        broker.write(`x.${stream}`, [{ key, value }], { gzip });
      },
      setAside: async () => broker.end('x.poison'),
    };
  });
});

test('a record of a block with anything changed is none', () => {
  const block = fakeMainBlock(fakeMainChain(3)[2]);
  const { key, value } = blockCodec.encode(block);
  expect(blockCodec.decode({ key, value })).toEqual(block);
  let accepted = 0;
  for (let at = 0; at < value.length; at++) {
    const changed = value.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    try {
      const { certificate, ...rest } = blockCodec.decode({ key, value: changed });
      // What the certificate says besides its block stands by itself: it is signed.
      expect(rest).toEqual({ header: block.header, commitments: block.commitments });
      expect(certificate).not.toEqual(block.certificate);
      accepted++;
    } catch (error) {
      expect(error).toBeInstanceOf(MalformedInputError);
    }
  }
  expect(accepted).toBeLessThanOrEqual(block.certificate.length - 32);
  expect(accepted).toBeGreaterThan(96);
  expect(() => blockCodec.decode({ key: undefined, value })).toThrow('key');
});

test('evidence is found by its own hash, and has to be JSON', () => {
  const one = { chain: 'a', evidence: new TextEncoder().encode('{"kind":"disagreement"}') };
  const { key, value } = evidenceCodec.encode(one);
  expect(evidenceCodec.decode({ key, value })).toEqual(one);
  expect(() => evidenceCodec.decode({ key: sha256(key), value })).toThrow('key');
  const broken = evidenceCodec.encode({ ...one, evidence: Uint8Array.of(1) });
  expect(() => evidenceCodec.decode(broken)).toThrow('not JSON');
});

test('of evidence the newest is kept, of blocks everything', async () => {
  const store = new MemoryStore();
  const faults = new EmbeddedLog(store).evidence();
  const one = { chain: 'a', evidence: new TextEncoder().encode('{}') };
  await store.batch([{ type: 'put', key: tableKey(Table.streamEnd, 'evidence'), value: uint64(99_999) }]);
  await store.batch([
    { type: 'put', key: tableKey(Table.streamRecord, 'evidence', 0), value: Uint8Array.of(0) },
  ]);
  await faults.publish([one, one]);
  expect(store.get(tableKey(Table.streamRecord, 'evidence', 0))).toBeUndefined();
  expect(store.get(tableKey(Table.streamRecord, 'evidence', 99_999))).toBeDefined();
  await faults.stop();
});
