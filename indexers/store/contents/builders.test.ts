import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compactSize } from '../../../adapters/bitcoin/proofs/wire.js';
import { manyOutputs } from '../../../adapters/bitcoin/testing/segwit.js';
import { addressOf, sampleBlockOn } from '../../../adapters/ethereum/testing/chain.js';
import { concatBytes, fromHex, toHex, ZERO32 } from '../../../proofs/bytes.js';
import { connectOf } from '../../../test/support/contents/events.js';
import { accountOf } from '../../../test/support/contents/sample.js';
import { bitcoinContents } from './bitcoin.js';
import { ethereumContents } from './ethereum.js';
import { scriptKind } from './scriptKind.js';
import { createdAddress, recoverAddress } from './sender.js';

const of = (...parts: (number | string)[]) =>
  concatBytes(...parts.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : fromHex(part))));
const key33 = `02${'11'.repeat(32)}`;
const key65 = `04${'22'.repeat(64)}`;
const h20 = '33'.repeat(20);
const h32 = '44'.repeat(32);

describe('kinds of scripts', () => {
  test.each([
    ['pubkey', of(33, key33, 0xac)],
    ['pubkey', of(65, key65, 0xac)],
    ['pubkeyhash', of(0x76, 0xa9, 20, h20, 0x88, 0xac)],
    ['scripthash', of(0xa9, 20, h20, 0x87)],
    ['multisig', of(0x51, 33, key33, 65, key65, 0x52, 0xae)],
    ['multisig', of(0x51, ...Array(17).fill([33, key33]).flat(), 1, 17, 0xae)],
    ['nulldata', of(0x6a)],
    ['nulldata', of(0x6a, 0x4c, 2, 'ff00', 0x51)],
    ['witness_v0_keyhash', of(0, 20, h20)],
    ['witness_v0_scripthash', of(0, 32, h32)],
    ['witness_v1_taproot', of(0x51, 32, h32)],
    ['anchor', of(0x51, 2, '4e73')],
    ['witness_unknown', of(0x51, 20, h20)],
    ['witness_unknown', of(0x60, 2, 'abcd')],
    // Broken in one place each.
    ['other', of()],
    ['other', of(33, `05${'11'.repeat(32)}`, 0xac)],
    ['other', of(33, key33, 0xad)],
    ['other', of(0x76, 0xa9, 20, h20, 0x88, 0xac, 0)],
    ['other', of(0xa9, 20, h20, 0x88)],
    ['other', of(0x53, 33, key33, 65, key65, 0x52, 0xae)],
    ['other', of(0x51, 33, key33, 0x52, 0xae)],
    ['other', of(0x50, 33, key33, 0x51, 0xae)],
    ['other', of(0x51, 33, key33, 1, 16, 0xae)],
    ['other', of(0x51, ...Array(21).fill([33, key33]).flat(), 1, 21, 0xae)],
    ['other', of(0x6a, 0x4c, 3, 'ff00')],
    ['other', of(0x6a, 0xac)],
    ['other', of(0, 21, h20, 0)],
    ['other', of(0x61, 20, h20)],
  ])('%s', (kind, script) => {
    expect(scriptKind(script)).toBe(kind);
  });

  test('any bytes have one', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (script) => {
        expect(typeof scriptKind(script)).toBe('string');
      }),
    );
  });
});

describe('senders', () => {
  test('of the example of EIP-155', async () => {
    const raw = fromHex(
      '0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83',
    );
    const sample = sampleBlockOn({ height: 0, hash: ZERO32, time: 0 }, { transactions: [{ type: 0 }] });
    const block = { ...sample, transactions: [raw], transactionHashes: [keccak_256(raw)] };
    const { transactions } = await ethereumContents(connectOf('ethereum-sample', block.header), block);
    expect(toHex(transactions[0]!.from!)).toBe('0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f');
    expect(transactions[0]).toMatchObject({
      nonce: 9n,
      value: 10n ** 18n,
      effectiveGasPrice: 20n * 10n ** 9n,
    });
  });

  test('of keys that signed, and nobody’s where there is no signature', () => {
    const hash = keccak_256(Uint8Array.of(1, 2, 3));
    for (let i = 1; i < 9; i++) {
      const secret = new Uint8Array(32).fill(i);
      const bytes = secp256k1.sign(hash, secret, { prehash: false, format: 'recovered' });
      const { r, s, recovery } = secp256k1.Signature.fromBytes(bytes, 'recovered');
      const parity = recovery === 1 ? 1 : 0;
      const own = accountOf(secp256k1.getPublicKey(secret, false));
      expect(recoverAddress({ hash, r, s, parity })).toEqual(own);
      expect(recoverAddress({ hash, r, s, parity: parity === 1 ? 0 : 1 })).not.toEqual(own);
      expect(recoverAddress({ hash, r: 0n, s, parity })).toBeUndefined();
      expect(recoverAddress({ hash, r, s: 2n ** 256n - 1n, parity })).toBeUndefined();
    }
  });

  test('and the contracts that they create', () => {
    const sender = fromHex('0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0');
    expect(toHex(createdAddress(sender, 0n))).toBe('0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d');
    expect(toHex(createdAddress(sender, 1n))).toBe('0x343c43a37d37dff08ae8c4a11544c718abb4fcf8');
  });

  test('do not matter to the rest: blocks with fillers for signatures are read all the same', async () => {
    const block = sampleBlockOn({ height: 0, hash: ZERO32, time: 0 }, { transactions: [{}, { type: 0 }] });
    const { transactions } = await ethereumContents(connectOf('ethereum-sample', block.header), block);
    expect(transactions.map(({ to }) => to)).toEqual([addressOf('account 0'), addressOf('account 1')]);
    expect(transactions.map(({ gasUsed }) => gasUsed)).toEqual([21_000n, 21_000n]);
  });
});

test('a block of 4 MB with 20,000 outputs leaves the process time for others', async () => {
  const script = new Uint8Array(190).fill(0x61);
  const transactions = Array.from({ length: 200 }, (_, i) =>
    manyOutputs(
      [[ZERO32, i]],
      Array.from({ length: 100 }, (_unused, vout) => [BigInt(vout), script] as const),
    ),
  );
  const rawBlock = concatBytes(new Uint8Array(80), compactSize(transactions.length), ...transactions);
  const { header } = sampleBlockOn({ height: 0, hash: ZERO32, time: 0 });
  // Of the processor: other work on this machine does not count.
  let longest = 0;
  let last = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(last);
    longest = Math.max(longest, (user + system) / 1000);
    last = process.cpuUsage();
  }, 1);
  const block = { header, rawBlock, transactionHashes: [] };
  const contents = await bitcoinContents(connectOf('bitcoin-sample', header), block);
  clearInterval(timer);
  expect(contents.transactions.flatMap(({ outputs }) => outputs)).toHaveLength(20_000);
  // Far above what is meant.
  expect(longest).toBeLessThan(1000);
});
