import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { decodeBranch } from '../../adapters/bitcoin/proofs/branch.js';
import { Answers } from '../../adapters/bitcoin/sources/answers.js';
import { fromBeaconJson } from '../../adapters/ethereum/consensus/index.js';
import { parseEip1186 } from '../../adapters/ethereum/proofs/eip1186.js';
import { BeaconReading } from '../../adapters/ethereum/sources/beacon/reading.js';
import { encodeHeaderJson } from '../../adapters/ethereum/sources/encodeHeader.js';
import { rpcObject } from '../../adapters/ethereum/sources/fields.js';
import { readBranchFile } from '../../cli/commands/evidence.js';
import { parseWith } from '../../config/json.js';
import { NetworkSchema } from '../../config/network.js';
import { ConfigSchema } from '../../config/schema.js';
import { evidenceCodec } from '../../indexers/log/records.js';
import { evidenceEffect } from '../../indexers/sinks/evidenceSink.js';
import { decodeCursor } from '../../indexers/store/cursor.js';
import { rowsOf } from '../../indexers/store/sql/http/answer.js';
import { blstBls } from '../../mainchain/crypto/blst.js';
import { parseKeyFile } from '../../mainchain/crypto/keystore.js';
import { parseGenesisFile } from '../../mainchain/genesis/file.js';
import { httpClient } from '../../mainchain/rpc/http.js';
import { utf8 } from '../../proofs/bytes.js';
import { CrossrootError } from '../../proofs/errors/base.js';
import { decodeProof } from '../../proofs/format/file.js';
import { decodeTrust } from '../../proofs/format/trust.js';
import type { Json } from '../../proofs/verify/payload.js';
import { forkingNetwork } from '../fixtures/beacon.js';
import { registryContext } from '../fixtures/bitcoinProof.js';

/** Deeper than any recursion can go. */
const DEPTH = 50_000;
const lists = `${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}`;
const records = `${'{"a":'.repeat(DEPTH)}1${'}'.repeat(DEPTH)}`;
/** Under the names at which each reader looks. */
const under = (name: string) => `{"${name}":${lists}}`;
const json = (text: string) => JSON.parse(text) as Json;

/** What reads JSON that others wrote. */
const readers: readonly [name: string, read: (text: string) => unknown, names: readonly string[]][] = [
  ['proof file', (text) => decodeProof(utf8(text), registryContext), ['format', 'payload', 'anchor']],
  ['trust file', (text) => decodeTrust(json(text), blstBls), ['format', 'header', 'members']],
  ['genesis file', parseGenesisFile, ['delegates', 'name']],
  ['key file', (text) => parseKeyFile('file', text), ['kdf', 'cipher']],
  ['configuration', (text) => parseWith(ConfigSchema, json(text), 'file'), ['chains', 'main', 'log']],
  ['network', (text) => parseWith(NetworkSchema, json(text), 'file'), ['forks', 'name']],
  ['branches', (text) => readBranchFile(utf8(text)), ['trunk', 'ours']],
  ['branch of Esplora', (text) => decodeBranch(text, 'esplora'), ['merkle', 'pos']],
  ['eth_getProof', parseEip1186, ['accountProof', 'storageProof', 'address']],
  ['block of a node', (text) => encodeHeaderJson(rpcObject(json(text), 'block')), ['number', 'parentHash']],
  [
    'update of a beacon node',
    (text) => fromBeaconJson(forkingNetwork, 'update', json(text)),
    ['data', 'version'],
  ],
  [
    'answer of a beacon node',
    (text) => {
      const reading = new BeaconReading('node');
      return reading.lightClient(forkingNetwork, 'finalityUpdate', 'update', reading.json(utf8(text), 'it'));
    },
    ['data', 'version'],
  ],
  [
    'answer of a Bitcoin node',
    (text) => {
      const answers = new Answers('node');
      return answers.hash(answers.record(answers.json(utf8(text), 'it'), 'it').result, 'it');
    },
    ['result'],
  ],
  [
    'rows of a ClickHouse',
    (text) => rowsOf('it', Buffer.from(text), z.object({ height: z.coerce.number() })),
    ['data', 'statistics', 'meta'],
  ],
  ['cursor', (text) => decodeCursor('it', Buffer.from(text).toString('base64url')), ['length']],
];

describe.each(readers)('%s', (_, read, names) => {
  test.each([lists, records, ...names.map(under)].map((text) => [`${text.slice(0, 24)}…`, text]))(
    '%s',
    (_start, text) => {
      let thrown: unknown;
      try {
        read(text);
      } catch (error) {
        thrown = error;
      }
      expect(thrown).toBeInstanceOf(CrossrootError);
    },
  );
});

test('evidence in a log is set aside', async () => {
  const deep = '['.repeat(30_000) + ']'.repeat(30_000);
  for (const text of [deep, `{"kind":${deep}}`]) {
    const record = evidenceCodec.encode({ chain: 'a', evidence: utf8(text) });
    const refused: string[] = [];
    const step = { from: 0, next: 1, refuse: (_: number, reason: string) => void refused.push(reason) };
    await evidenceEffect({} as never, [evidenceCodec.decode(record)], step);
    expect(refused).toHaveLength(1);
  }
});

describe('a node of the main chain', () => {
  let text = '';
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(text);
  });
  beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise<void>((resolve) => void server.close(() => resolve())));

  test.each(
    [
      lists,
      records,
      `{"jsonrpc":"2.0","id":1,"result":${lists}}`,
      `{"jsonrpc":"2.0","id":1,"result":${records}}`,
      `{"jsonrpc":"2.0","id":1,"error":${lists}}`,
    ].map((answer) => [`${answer.slice(0, 40)}…`, answer]),
  )('that answers %s', async (_, answer) => {
    text = answer;
    const client = httpClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    await expect(client.evidence()).rejects.toThrow(CrossrootError);
  });
});
