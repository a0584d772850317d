import { describe, expect, it } from 'vitest';
import {
  bloomExcludes,
  buildLogs,
  decodeReceipt,
  type EthereumLog,
  headerDecides,
  type LogFilter,
  logFilter,
} from '../../adapters/ethereum/proofs/index.js';
import { LogsPayloadType } from '../../adapters/ethereum/proofs/logs.js';
import { bloomOf } from '../../adapters/ethereum/rules/bloom.js';
import { decodeEthereumHeader, foreignEthereumHeader } from '../../adapters/ethereum/rules/header.js';
import { encodeHeaderJson } from '../../adapters/ethereum/sources/encodeHeader.js';
import type { RpcObject } from '../../adapters/ethereum/sources/fields.js';
import { addressOf, leafOfHeader, wordOf } from '../../adapters/ethereum/testing/chain.js';
import { flawOf, verify } from '../../adapters/ethereum/testing/kinds.js';
import { toHex } from '../../proofs/bytes.js';
import { ProofKind } from '../../proofs/containers/proof.js';
import { RAW_BLOCKS, RECEIPTS_ONLY, type RealBlock, RPC_BLOCKS, realBlock } from './ethereum/blocks.js';
import { hasData, needsData, readJson } from './folder.js';

const KIND = ProofKind.ethereumLogs;
const HEIGHTS = [...RAW_BLOCKS, ...RPC_BLOCKS, RECEIPTS_ONLY];

interface Placed {
  readonly place: string;
  readonly log: EthereumLog;
}

function logsOf({ header, receipts }: RealBlock): Placed[] {
  let blockLog = 0;
  return receipts.flatMap((raw, index) =>
    decodeReceipt(raw).logs.map((log, n) => ({ place: `${header.height} ${index} ${n} ${blockLog++}`, log })),
  );
}

/** The rules of `eth_getLogs` on hex, log by log. */
function search(filter: LogFilter, logs: readonly Placed[]): string[] {
  const addresses = filter.addresses.map(toHex);
  const topics = filter.topics.map((list) => list.map(toHex));
  return logs
    .filter(({ log }) => addresses.length === 0 || addresses.includes(toHex(log.address)))
    .filter(({ log }) => log.topics.length >= topics.length)
    .filter(({ log }) => topics.every((list, i) => list.length === 0 || list.includes(toHex(log.topics[i]!))))
    .map(({ place }) => place);
}

function proven(filter: LogFilter, blocks: readonly RealBlock[]): string[] {
  const given = blocks.map(({ header, receipts }) => ({ header: header.raw, receipts }));
  const { facts } = verify(KIND, buildLogs(filter, given), leafOfHeader(blocks.at(-1)!.header));
  const logs = facts.logs as { block: number; index: number; logIndex: number; blockLogIndex: number }[];
  return logs.map(
    ({ block, index, logIndex, blockLogIndex }) => `${block} ${index} ${logIndex} ${blockLogIndex}`,
  );
}

/** Filters that a block has something for, and some that it has nothing for. */
function filtersFor(logs: readonly Placed[]): LogFilter[] {
  const every = <T>(list: readonly T[], most: number) =>
    list.filter((_, i) => i % Math.max(1, Math.ceil(list.length / most)) === 0);
  const addresses = [...new Map(logs.map(({ log }) => [toHex(log.address), log.address])).values()];
  const samples = every(logs, 6).map(({ log }) => log);
  return [
    logFilter([], []),
    logFilter([], [[]]),
    logFilter([], [[], [], [], []]),
    ...every(addresses, 6).map((address) => logFilter([address], [])),
    logFilter(addresses.slice(0, 20), [[], [wordOf('nobody')]]),
    ...samples.map(({ address, topics }) =>
      logFilter(
        [address],
        topics.map((topic) => [topic]),
      ),
    ),
    ...samples.map(({ topics }) => logFilter([], [topics.slice(0, 1), [], topics.slice(2, 3)])),
    ...samples.map(({ topics }) => logFilter([addressOf('nobody')], [topics.slice(0, 1)])),
    logFilter([], [samples.flatMap(({ topics }) => topics.slice(0, 1))]),
  ];
}

describe.skipIf(!hasData)(needsData('Complete lists of logs of Ethereum blocks'), () => {
  it.each(HEIGHTS)('mainnet %i: what a search through all receipts finds', (height) => {
    const block = realBlock(height);
    const logs = logsOf(block);
    let found = 0;
    for (const filter of filtersFor(logs)) {
      const expected = search(filter, logs);
      expect(proven(filter, [block])).toEqual(expected);
      found += expected.length;
    }
    expect(found).toBeGreaterThan(logs.length);
  });

  it.each(HEIGHTS)(
    'mainnet %i: the header’s bloom is that of its logs, and excludes none of them',
    (height) => {
      const block = realBlock(height);
      const logs = logsOf(block).map(({ log }) => log);
      const { logsBloom } = decodeEthereumHeader(block.header.raw);
      expect(bloomOf(logs)).toEqual(logsBloom);
      for (const { address, topics } of logs)
        expect(
          bloomExcludes(
            logFilter(
              [address],
              topics.map((topic) => [topic]),
            ),
            logsBloom,
          ),
        ).toBe(false);
    },
  );

  it('over the border from Paris to Shanghai and one block on', () => {
    const blocks = [17034869, 17034870].map(realBlock);
    const logs = blocks.flatMap(logsOf);
    for (const filter of filtersFor(logs)) expect(proven(filter, blocks)).toEqual(search(filter, logs));
    // Of the third block only the header is there: enough for what it excludes.
    const third = readJson<RpcObject>('eth-blocks/mainnet_17034871_rpc_block.json');
    const header = foreignEthereumHeader(encodeHeaderJson(third), 17034871);
    const quiet = Array.from({ length: 200 }, (_, i) => logFilter([addressOf(`nobody ${i}`)], [])).filter(
      (filter) =>
        [...blocks.map((block) => block.header), header].every(({ raw }) => headerDecides(filter, raw)),
    );
    expect(quiet.length).toBeGreaterThan(0);
    const whole = [...blocks, { header, transactions: [], transactionHashes: [], receipts: [] }];
    for (const filter of quiet.slice(0, 5)) {
      expect(proven(filter, whole)).toEqual([]);
      const given = whole.map(({ header: { raw } }) => ({ header: raw, receipts: undefined }));
      expect(buildLogs(filter, given).length).toBeLessThan(2500);
    }
  });

  it('cannot leave out a receipt, even one without logs, of a real block', () => {
    const block = realBlock(17034869);
    const filter = logFilter(
      [decodeReceipt(block.receipts.find((raw) => decodeReceipt(raw).logs.length > 0)!).logs[0]!.address],
      [],
    );
    const good = LogsPayloadType.deserialize(
      buildLogs(filter, [{ header: block.header.raw, receipts: block.receipts }]),
    );
    const leaf = leafOfHeader(block.header);
    const [only] = good.blocks;
    for (let i = 0; i < only!.receipts.length; i += 7) {
      const receipts = only!.receipts.toSpliced(i, 1);
      const payload = LogsPayloadType.serialize({ ...good, blocks: [{ ...only!, receipts }] });
      expect(flawOf(() => verify(KIND, payload, leaf))).toBe('receipt-mismatch');
    }
  });
});
