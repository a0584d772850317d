import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../proofs/bytes.js';
import { WireError } from './errors.js';
import { encodeFrame, FRAME_HEADER_BYTES, type Frame, FrameDecoder } from './frame.js';
import { networkOfMagic, p2pNetwork } from './networks.js';

const { magic } = p2pNetwork('bitcoin-regtest');
const frame = (command: string, payload = new Uint8Array(0)) => encodeFrame(magic, command, payload);

function refused(bytes: Uint8Array): WireError {
  try {
    new FrameDecoder({ magic }).push(bytes);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('was taken');
}

describe('frames', () => {
  it('have the bytes of the protocol documentation', () => {
    // The `verack` of mainnet, as Bitcoin's protocol documentation prints it.
    expect(
      Buffer.from(encodeFrame(p2pNetwork('bitcoin-mainnet').magic, 'verack', new Uint8Array(0))).toString(
        'hex',
      ),
    ).toBe('f9beb4d976657261636b000000000000000000005df6e0e2');
  });

  it('are cut out of a stream whatever pieces it comes in', () => {
    const command = fc.constantFrom('ping', 'verack', 'tx', 'block', 'headers', 'longestnames');
    const sent = fc
      .tuple(command, fc.uint8Array({ maxLength: 3000, size: 'max' }))
      .map(([name, payload]) => ({
        command: name,
        payload: name === 'verack' ? new Uint8Array(0) : payload.subarray(0, name === 'ping' ? 8 : undefined),
      }));
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 8 }), fc.array(fc.nat(3000)), (messages, cuts) => {
        const stream = concatBytes(...messages.map(({ command, payload }) => frame(command, payload)));
        const decoder = new FrameDecoder({ magic });
        const got: Frame[] = [];
        let at = 0;
        for (const cut of [...cuts, stream.length]) {
          got.push(...decoder.push(stream.subarray(at, at + cut)));
          at = Math.min(stream.length, at + cut);
          expect(decoder.heldBytes).toBeLessThanOrEqual(16_384);
        }
        expect(got.map(({ command, payload }) => ({ command, payload }))).toEqual(messages);
        expect(decoder.pending).toBeUndefined();
      }),
      { numRuns: 120 },
    );
  });

  it('of random bytes neither crash nor hold anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 200 }), (bytes) => {
        if (!bytes.subarray(0, 4).every((byte, i) => byte === magic[i]))
          expect(refused(bytes).rule).toBe('wrong-network');
        const decoder = new FrameDecoder({ magic });
        try {
          decoder.push(concatBytes(magic, bytes));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
        expect(decoder.heldBytes).toBeLessThanOrEqual(16_384);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a stream is refused', () => {
  it('of another network, by its name, from its first bytes', () => {
    expect(
      refused(encodeFrame(p2pNetwork('bitcoin-testnet4').magic, 'verack', new Uint8Array(0))).message,
    ).toBe('wrong-network: its messages are those of bitcoin-testnet4');
    expect(refused(Uint8Array.of(0x48, 0x54, 0x54, 0x50)).rule).toBe('wrong-network');
    expect(networkOfMagic(magic)).toBe('bitcoin-regtest');
  });

  it('whose payload does not match its checksum: any bit', () => {
    const good = frame('tx', new Uint8Array(50).fill(3));
    for (let bit = 20 * 8; bit < good.length * 8; bit++) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(refused(bad).rule).toBe('bad-checksum');
    }
  });

  it.each([
    ['headers', 162_004],
    ['inv', 1_800_004],
    ['ping', 9],
    ['verack', 1],
    ['block', 4_000_001],
    ['unheardof', 4_000_001],
    ['block', 0xffffffff],
  ])('whose %s has %d bytes, from its header alone', (command, length) => {
    const header = frame(command).subarray(0, FRAME_HEADER_BYTES);
    new DataView(header.buffer, header.byteOffset).setUint32(16, length, true);
    expect(refused(header).rule).toBe('oversize');
  });

  it.each([[[0x61, 0, 0x62]], [[0x1f]], [[0x7f]], [[0xff]]])('whose command is %j', (command) => {
    const header = frame('').slice();
    header.set(command, 4);
    expect(refused(header).rule).toBe('bad-command');
  });
});

describe('memory', () => {
  it('grows with what has come, not with what was said', () => {
    const decoder = new FrameDecoder({ magic });
    const header = frame('block').slice();
    new DataView(header.buffer).setUint32(16, 4_000_000, true);
    decoder.push(header);
    expect(decoder.heldBytes).toBe(16_384);
    let sent = 0;
    for (let i = 0; i < 60; i++) {
      decoder.push(new Uint8Array(50_000));
      sent += 50_000;
      expect(decoder.heldBytes).toBeLessThanOrEqual(Math.max(16_384, 2 * sent));
      expect(decoder.pending).toMatchObject({ command: 'block', length: 4_000_000, received: sent });
    }
  });

  it('is not used for what is passed over', () => {
    const decoder = new FrameDecoder({ magic, skips: (command) => command === 'tx' });
    const long = frame('tx', new Uint8Array(1_000_000));
    // Nobody reads it, so nobody checks it.
    long[30] = 1;
    expect(decoder.push(long.subarray(0, 500_000))).toEqual([]);
    expect(decoder.heldBytes).toBe(0);
    expect(decoder.push(concatBytes(long.subarray(500_000), frame('verack')))).toEqual([
      { command: 'tx', payload: undefined, length: 1_000_000 },
      { command: 'verack', payload: new Uint8Array(0), length: 0 },
    ]);
  });
});
