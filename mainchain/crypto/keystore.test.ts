import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBareHex } from '../../proofs/bytes.js';
import { AccountSigner } from './account.js';
import { eraseKey, readKey, readPassphrase, writeKey } from './keystore.js';
import { BlsSigner } from './signer.js';

const cheap = { n: 1024, r: 8, p: 1 };
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossroot-keys-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe('keystore', () => {
  const signer = BlsSigner.generate();
  const publicHex = toBareHex(signer.publicKey);

  it('gives back what it stored, privately', async () => {
    const path = join(folder, 'a.json');
    await writeKey(path, 'bls12-381', publicHex, signer.exportSecret(), 'secret words', cheap);
    const read = await readKey(path, 'bls12-381', 'secret words');
    expect(BlsSigner.fromSecret(read.secret).publicKey).toEqual(signer.publicKey);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(path, 'utf8')).not.toContain(toBareHex(signer.exportSecret()));
    expect((await readdir(folder)).filter((n) => n.endsWith('.tmp'))).toEqual([]);
  });

  it('names what is wrong', async () => {
    const path = join(folder, 'b.json');
    await writeKey(path, 'bls12-381', publicHex, signer.exportSecret(), 'one', cheap);
    await expect(readKey(path, 'bls12-381', 'two')).rejects.toThrow('cannot be decrypted');
    await expect(readKey(path, 'secp256k1', 'one')).rejects.toThrow('holds a bls12-381 key');
    await expect(readKey(join(folder, 'none'), 'secp256k1', 'one')).rejects.toThrow('cannot be read');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(publicHex, toBareHex(BlsSigner.generate().publicKey)));
    await expect(readKey(path, 'bls12-381', 'one')).rejects.toThrow('cannot be decrypted');
    await writeFile(path, '{"version":1}');
    await expect(readKey(path, 'bls12-381', 'one')).rejects.toThrow('is not a key file');
    await writeFile(path, '{"version":');
    await expect(readKey(path, 'bls12-381', 'one')).rejects.toThrow('it is not JSON');
    for (const [from, to, problem] of [
      ['"n": 1024', '"n": 1000', 'is not a power of two'],
      ['"n": 1024', '"n": 1048576', 'needs more memory'],
    ] as const) {
      await writeFile(path, text.replace(from, to));
      await expect(readKey(path, 'bls12-381', 'one')).rejects.toThrow(problem);
    }
  });

  it('erases', async () => {
    const path = join(folder, 'c.json');
    const account = AccountSigner.generate();
    await writeKey(path, 'secp256k1', toBareHex(account.account), account.exportSecret(), 'x', cheap);
    await eraseKey(path);
    await eraseKey(path);
    await expect(stat(path)).rejects.toThrow('ENOENT');
  });

  it('takes a passphrase only from a private file', async () => {
    const path = join(folder, 'pass');
    await writeFile(path, 'correct horse\n', { mode: 0o600 });
    expect(await readPassphrase(path)).toBe('correct horse');
    await chmod(path, 0o644);
    await expect(readPassphrase(path)).rejects.toThrow('readable by others');
    await writeFile(join(folder, 'empty'), '', { mode: 0o600 });
    await expect(readPassphrase(join(folder, 'empty'))).rejects.toThrow('empty');
    await expect(readPassphrase(join(folder, 'nowhere'))).rejects.toThrow('cannot be read');
  });

  it('refuses bytes that are no key', () => {
    expect(() => BlsSigner.fromSecret(new Uint8Array(32))).toThrow('not a secret key');
    expect(() => BlsSigner.fromSecret(new Uint8Array(32).fill(255))).toThrow('not a secret key');
    expect(() => AccountSigner.fromSecret(new Uint8Array(32))).toThrow('not a secret key');
  });
});
