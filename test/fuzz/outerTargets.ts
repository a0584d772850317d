import { encodeFrame, FrameDecoder } from '../../adapters/bitcoin/p2p/frame.js';
import { decodePayload, encodePayload, type KnownMessage } from '../../adapters/bitcoin/p2p/messages.js';
import { p2pNetwork } from '../../adapters/bitcoin/p2p/networks.js';
import { bytesEqual } from '../../proofs/bytes.js';
import { decodeProof, encodeProof } from '../../proofs/format/file.js';
import { bitcoinFixture, registryContext } from '../fixtures/bitcoinProof.js';
import type { FuzzTarget } from './harness.js';

const { magic } = p2pNetwork('bitcoin-regtest');
const { proof } = bitcoinFixture({ size: 20, height: 10 });

const hash = (fill: number) => new Uint8Array(32).fill(fill);
const address = { services: 1n, address: new Uint8Array(16), port: 18444 };
const messages: readonly KnownMessage[] = [
  {
    command: 'version',
    version: 70016,
    services: 9n,
    time: 1_700_000_000n,
    receiver: address,
    sender: address,
    nonce: 7n,
    userAgent: '/peer:1/',
    startHeight: 100,
    relay: false,
  },
  { command: 'verack' },
  { command: 'ping', nonce: 5n },
  {
    command: 'inv',
    entries: [
      { type: 2, hash: hash(1) },
      { type: 1, hash: hash(2) },
    ],
  },
  { command: 'getheaders', version: 70016, locator: [hash(3), hash(4)], stop: hash(0) },
  { command: 'headers', headers: [new Uint8Array(80).fill(9), new Uint8Array(80).fill(8)] },
  { command: 'filterload', data: new Uint8Array(8).fill(0xff), functions: 3, tweak: 5, flags: 0 },
  {
    command: 'merkleblock',
    block: { header: new Uint8Array(80), total: 2, hashes: [hash(1), hash(2)], flags: Uint8Array.of(3) },
  },
];
const json = encodeProof(proof, 'json', registryContext);
const ssz = encodeProof(proof, 'ssz', registryContext);

function proofFile(input: Uint8Array): void {
  const read = decodeProof(input, registryContext);
  if (!bytesEqual(encodeProof(read.proof, 'ssz', registryContext), ssz) && read.format === 'ssz') {
    if (!bytesEqual(encodeProof(read.proof, 'ssz', registryContext), input))
      throw new Error('a second encoding');
  }
}

/** Everything that comes from outside: peers, files. */
export const outerTargets: readonly FuzzTarget[] = [
  ...messages.map(
    (message): FuzzTarget => ({
      name: `P2P ${message.command}`,
      seeds: [encodePayload(message)],
      run(input) {
        const read = decodePayload(message.command, input);
        if (read.command === 'other') throw new Error('a known message is not known');
        // A version message may lack its last field, and is read leniently after it.
        if (read.command === 'version') return;
        if (!bytesEqual(encodePayload(read as KnownMessage), input)) throw new Error('a second encoding');
      },
    }),
  ),
  {
    name: 'P2P stream',
    seeds: messages.map((message) => encodeFrame(magic, message.command, encodePayload(message))),
    run(input) {
      const decoder = new FrameDecoder({ magic });
      const cut = input.length >> 1;
      const frames = [...decoder.push(input.subarray(0, cut)), ...decoder.push(input.subarray(cut))];
      if (decoder.heldBytes > Math.max(16_384, 2 * input.length)) throw new Error('holds more than came');
      for (const { command, payload } of frames) if (payload !== undefined) decodePayload(command, payload);
    },
  },
  { name: 'proof file, JSON', seeds: [json], maxBytes: 65_536, run: proofFile },
  { name: 'proof file, SSZ', seeds: [ssz], maxBytes: 65_536, run: proofFile },
];
