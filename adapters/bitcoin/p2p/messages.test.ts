import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../../proofs/bytes.js';
import { WireError } from './errors.js';
import { payloadLimit } from './limits.js';
import { decodePayload, encodePayload, type KnownMessage } from './messages.js';
import type { NetAddress } from './version.js';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const text = (maxLength: number) =>
  fc.array(fc.integer({ min: 0x20, max: 0x7e }), { maxLength }).map((codes) => String.fromCharCode(...codes));
const address: fc.Arbitrary<NetAddress> = fc.record({
  services: uint64,
  address: bytes(16),
  port: fc.integer({ min: 0, max: 65535 }),
});
const entries = fc.array(fc.record({ type: uint32, hash: bytes(32) }), { maxLength: 20 });
const just = <T extends string>(command: T) => fc.constant(command);

/** Any message that has an encoding. */
const message: fc.Arbitrary<KnownMessage> = fc.oneof(
  fc.record({
    command: just('version'),
    version: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    services: uint64,
    time: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    receiver: address,
    sender: address,
    nonce: uint64,
    userAgent: text(256),
    startHeight: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    relay: fc.boolean(),
  }),
  fc.record({
    command: fc.constantFrom('verack', 'sendheaders', 'sendaddrv2', 'wtxidrelay', 'filterclear'),
  }),
  fc.record({ command: fc.constantFrom('ping', 'pong'), nonce: uint64 }),
  fc.record({ command: just('feefilter'), rate: uint64 }),
  fc.record({ command: just('sendcmpct'), announce: fc.boolean(), version: uint64 }),
  fc.record({ command: fc.constantFrom('inv', 'getdata', 'notfound'), entries }),
  fc.record({
    command: just('getheaders'),
    version: uint32,
    locator: fc.array(bytes(32), { maxLength: 101 }),
    stop: bytes(32),
  }),
  fc.record({ command: just('headers'), headers: fc.array(bytes(80), { maxLength: 10 }) }),
  fc.record({
    command: just('filterload'),
    data: fc.uint8Array({ maxLength: 300 }),
    functions: fc.integer({ min: 0, max: 50 }),
    tweak: uint32,
    flags: fc.integer({ min: 0, max: 255 }),
  }),
  fc.record({ command: just('filteradd'), data: fc.uint8Array({ maxLength: 520 }) }),
  fc.record({
    command: just('merkleblock'),
    block: fc.record({
      header: bytes(80),
      total: fc.integer({ min: 10, max: 16_666 }),
      hashes: fc.array(bytes(32), { maxLength: 10 }),
      flags: fc.uint8Array({ maxLength: 5 }),
    }),
  }),
  fc.record({
    command: just('reject'),
    message: text(12),
    code: fc.integer({ min: 0, max: 255 }),
    reason: text(111),
    data: fc.uint8Array({ maxLength: 32 }),
  }),
  fc.record({ command: fc.constantFrom('block', 'tx'), raw: fc.uint8Array() }),
);

/** Commands that are read, and one that is not. */
const COMMANDS = [
  ...['version', 'verack', 'sendheaders', 'sendaddrv2', 'wtxidrelay', 'filterclear', 'ping', 'pong'],
  ...['feefilter', 'sendcmpct', 'inv', 'getdata', 'notfound', 'getheaders', 'headers', 'filterload'],
  ...['filteradd', 'merkleblock', 'reject', 'block', 'tx', 'addrv2'],
];

const refusal = (command: string, payload: Uint8Array): WireError => {
  try {
    decodePayload(command, payload);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error(`${command} was taken`);
};

describe('messages', () => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(message, (one) => {
        const payload = encodePayload(one);
        expect(decodePayload(one.command, payload)).toEqual(one);
        expect(payload.length).toBeLessThanOrEqual(payloadLimit(one.command));
      }),
      { numRuns: 2000 },
    );
  });

  it('that are cut short or too long are refused, but for fields that version may get', () => {
    fc.assert(
      fc.property(message, fc.nat(), (one, at) => {
        if (['block', 'tx', 'reject'].includes(one.command)) return;
        const payload = encodePayload(one);
        const longer = new Uint8Array([...payload, 0]);
        if (one.command === 'version') expect(decodePayload('version', longer)).toEqual(one);
        else expect(refusal(one.command, longer).rule).toBe('malformed');
        if (payload.length === 0) return;
        const cut = payload.subarray(0, at % payload.length);
        // Without its last byte a version says nothing of relaying.
        if (one.command === 'version' && cut.length === payload.length - 1)
          expect(decodePayload('version', cut)).toEqual({ ...one, relay: true });
        else expect(refusal(one.command, cut).rule).toBe('malformed');
      }),
      { numRuns: 2000 },
    );
  });

  it('of random bytes are read or refused, and what is read is written alike', () => {
    const inputs = fc.tuple(
      fc.constantFrom(...COMMANDS),
      fc.oneof(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 4000, size: 'max' })),
    );
    fc.assert(
      fc.property(inputs, ([command, payload]) => {
        try {
          const read = decodePayload(command, payload);
          if (read.command === 'other' || read.command === 'version') return;
          // `announce` is any byte, and other bytes than ASCII become `?`.
          if (read.command === 'sendcmpct' || read.command === 'reject') return;
          expect(encodePayload(read)).toEqual(payload);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

describe('counts', () => {
  it.each([
    ['headers', 'fdd107', 'more than 2000'],
    ['headers', 'ffffffffffffffffff', 'more than 2000'],
    ['inv', 'fd51c3', 'more than 50000'],
    ['getdata', 'fd51c3', 'more than 50000'],
    ['notfound', 'fdffff', 'more than 50000'],
    ['getheaders', '0100000066', 'more than 101'],
    ['filterload', 'fda18c', 'more than 36000'],
    ['filteradd', 'fd0902', 'more than 520'],
    ['headers', 'fdd007', 'ends before its 2000 headers'],
    ['inv', 'fd50c3', 'ends before its 50000 entries'],
  ])('of %s are limited: %s', (command, start, words) => {
    expect(refusal(command, fromHex(start)).message).toContain(words);
  });

  it('are in their shortest form', () => {
    expect(refusal('headers', fromHex('fd0000')).message).toBe('malformed: headers cannot be read');
  });

  it('of transactions in headers are zero', () => {
    const payload = new Uint8Array(82);
    payload[0] = 1;
    payload[81] = 1;
    expect(refusal('headers', payload).message).toContain('a header with transactions');
  });
});

describe('a user agent', () => {
  const version = encodePayload({
    command: 'version',
    version: 70016,
    services: 1n,
    time: 0n,
    receiver: { services: 0n, address: new Uint8Array(16), port: 0 },
    sender: { services: 0n, address: new Uint8Array(16), port: 0 },
    nonce: 1n,
    userAgent: '/one:1/',
    startHeight: 7,
    relay: false,
  });

  it('loses what would spoil a log', () => {
    const odd = version.slice();
    odd[82] = 0x1b;
    odd[83] = 0xff;
    expect(decodePayload('version', odd)).toMatchObject({ userAgent: '/??e:1/', startHeight: 7 });
  });

  it('has at most 256 bytes', () => {
    const long = new Uint8Array(400);
    long.set(version.subarray(0, 80));
    long.set(fromHex('fd0101'), 80);
    expect(refusal('version', long).message).toContain('a user agent of 257 bytes');
  });
});

it('a filter has at most 50 functions', () => {
  expect(refusal('filterload', fromHex('0000330000000000000000')).rule).toBe('malformed');
  expect(refusal('filterload', fromHex('00330000000000000000')).message).toContain('51 hash functions');
});
