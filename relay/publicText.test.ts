import { describe, expect, test } from 'vitest';
import { publicData, publicText } from './publicText.js';

describe('texts for people elsewhere', () => {
  test.each([
    ['node http://user:secret@10.0.0.1:8332/wallet?key=1: does not answer', 'node (address) does not answer'],
    ['wss://rpc.example/v3/0123456789abcdef says no', '(address) says no'],
    ['connect ECONNREFUSED 10.0.0.1:8332', 'connect ECONNREFUSED (address)'],
    ['connect ECONNREFUSED ::1:4720', 'connect ECONNREFUSED (address)'],
    ['connect ETIMEDOUT fd00::12:34', 'connect ETIMEDOUT (address)'],
    ['peer [2001:db8::1]:8333 is gone', 'peer (address) is gone'],
    ['at 2001:db8:0:1:2:3:4:5', 'at (address)'],
    ['getaddrinfo ENOTFOUND bitcoind', 'getaddrinfo ENOTFOUND (address)'],
    ['bitcoin-mainnet node at localhost:8332: busy', 'bitcoin-mainnet node at (address): busy'],
    ['Kafka: broker-1.internal:9092 is away', 'Kafka: (address) is away'],
    ['IO error: /var/lib/crossroot/chain/000005.log: No space left', 'IO error: (file): No space left'],
    ["ENOENT: no such file, open '/home/me/.cookie'", "ENOENT: no such file, open '(file)'"],
    ['C:\\data\\chain\\LOCK is held', '(file) is held'],
    ['bitcoin-mainnet headers file /data/headers.bin: gone', 'bitcoin-mainnet headers file (file): gone'],
  ])('%s', (text, told) => {
    expect(publicText(text)).toBe(told);
  });

  test.each([
    'bitcoin-core 1: cannot be reached (ECONNREFUSED)',
    'bad-prevblk: no parent (height 840000, 00000000000000000001ab)',
    'GET /v1/chains/bitcoin-mainnet/headers, /eth/v1/beacon/headers, /rest/chaininfo.json',
    'eth_getBlockByNumber: limit exceeded (-32005)',
    'at 2026-01-02T03:04:05.678Z, and/or 1/2, 12.5 s, v24.8.4',
    'DB::Exception: Table crossroot.headers does not exist',
    `0x${'ab'.repeat(32)}:1`,
  ])('leaves alone: %s', (text) => {
    expect(publicText(text)).toBe(text);
  });

  test('is quick whatever it is given', () => {
    for (const part of ['a.', 'a:', '/a', '[:', '1.', 'ab', '::', 'a-', 'http://', ' ', '_'])
      for (const end of ['', '!', ':', '/'])
        for (const start of ['', '[']) publicText(start + part.repeat(20_000) + end);
  }, 20_000);

  test('plain data, and whatever is in it', () => {
    const data = { a: ['at 10.0.0.1:1'], b: { c: 'x:80' }, n: 1, none: null, bytes: new Uint8Array(2) };
    expect(publicData(data)).toEqual({ ...data, a: ['at (address)'], b: { c: '(address)' } });
  });
});
