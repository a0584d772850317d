import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayHash } from '../../adapters/bitcoin/rules/checks.js';
import { SourceFaultError, SourceUnavailableError } from '../../adapters/errors.js';
import type { Source } from '../../adapters/source.js';
import { reversed, toBareHex } from '../../proofs/bytes.js';
import { sha256d } from '../../proofs/hash/hasher.js';
import { startRegtest, type TestRegtest } from '../support/regtest.js';

export interface BitcoinSourceKind {
  /** A new source on the node. @param chain another one, to be refused */
  open(chain?: string): Source;
  /** Brings what the source reads up to the node's tip, where it does not read the node itself. */
  sync?(): Promise<void>;
  close?(): Promise<void>;
  readonly hasBlocks: boolean;
}

/** What every Bitcoin source has to do, on our regtest node. */
export function bitcoinSourceSuite(
  title: string,
  start: (regtest: TestRegtest) => Promise<BitcoinSourceKind>,
): void {
  describe(`${title} as a Bitcoin source`, () => {
    let regtest: TestRegtest;
    let kind: BitcoinSourceKind;
    let source: Source;

    beforeAll(async () => {
      regtest = await startRegtest();
      kind = await start(regtest);
      source = kind.open();
    });
    afterAll(async () => {
      await source?.close();
      await kind?.close?.();
      await regtest?.close();
    });

    const hashAt = async (height: number) => String(await regtest.call('getblockhash', height));
    const mine = (count: number) => regtest.node.generate(count, regtest.node.wallet.script);

    it('is on its network, and has a name and nothing final', async () => {
      await source.check();
      expect(source.chain).toBe('bitcoin-regtest');
      expect(source.name).toContain('bitcoin-regtest');
      expect(await source.finalized()).toBeUndefined();
    });

    it('gives the tip and linked headers, none above it', async () => {
      const height = Number(await regtest.call('getblockcount'));
      expect(await source.tip()).toEqual({ height, hash: regtest.node.chain.tip.hash });
      const headers = await source.headers(0, 5000);
      expect(headers.map((header) => displayHash(header.hash))).toEqual(
        await Promise.all(headers.map((_, at) => hashAt(at))),
      );
      expect(headers).toHaveLength(height + 1);
      for (const [from, count] of [
        [0, 1],
        [7, 1],
        [7, 10],
        [8, 11],
        [50, 47],
        [height, 1],
        [height - 1, 9],
      ] as const)
        expect(await source.headers(from, count)).toEqual(headers.slice(from, from + count));
      expect(await source.headers(height + 1, 5)).toEqual([]);
      expect(await source.headers(height + 1000, 5)).toEqual([]);
      for (const header of headers) expect(sha256d(header.raw)).toEqual(header.hash);
    });

    it('follows a reorganisation, and still has the blocks that it left', async () => {
      const before = await source.tip();
      const entry = regtest.node.chain.entryAt(before.height - 2)!;
      await regtest.node.invalidate(entry);
      await mine(4);
      await kind.sync?.();
      const after = await source.tip();
      expect(after).toEqual({ height: before.height + 1, hash: regtest.node.chain.tip.hash });
      const headers = await source.headers(before.height - 5, 20);
      expect(headers.at(-1)?.hash).toEqual(after.hash);
      expect(headers[3]?.hash).not.toEqual(entry.hash);
      if (!kind.hasBlocks) return;
      expect((await source.block(before.hash)).header).toMatchObject({
        height: before.height,
        hash: before.hash,
      });
    });

    it('gives whole blocks, and says when it does not have one', async () => {
      const header = (await source.headers(20, 1))[0]!;
      if (!kind.hasBlocks) {
        await expect(source.block(header.hash)).rejects.toThrow('a headers file has no blocks');
        return;
      }
      const block = await source.block(header.hash);
      expect(block.header).toEqual(header);
      expect(toBareHex(block.rawBlock!)).toBe(await regtest.call('getblock', displayHash(header.hash), 0));
      // A new source has not seen the header.
      const fresh = kind.open();
      expect(await fresh.block(header.hash)).toEqual(block);
      await expect(fresh.block(new Uint8Array(32).fill(9))).rejects.toBeInstanceOf(SourceUnavailableError);
      await fresh.close();
    });

    it('finds transactions of the best chain, and no others', async () => {
      const waiting = await regtest.node.pay(regtest.node.wallet.script, 1000n);
      const id = reversed(Buffer.from(displayTxid(waiting.id), 'hex'));
      expect(await source.findTransaction(id)).toBeUndefined();
      const [mined] = await mine(1);
      await kind.sync?.();
      const found = { height: mined!.height, hash: mined!.hash };
      expect(await source.findTransaction(id)).toEqual(kind.hasBlocks ? found : undefined);
      expect(await source.findTransaction(new Uint8Array(32).fill(9))).toBeUndefined();
    });

    it('is refused as another network, by name', async () => {
      const wrong = kind.open('bitcoin-testnet4');
      const error: unknown = await wrong.check().catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(SourceFaultError);
      expect(String(error)).toContain('is not on bitcoin-testnet4');
      await wrong.close();
    });

    it('is closed for good', async () => {
      const other = kind.open();
      await other.check();
      await other.close();
      await expect(other.tip()).rejects.toThrow('is closed');
    });
  });
}

function displayTxid(id: string): string {
  return toBareHex(reversed(Buffer.from(id, 'hex')));
}
