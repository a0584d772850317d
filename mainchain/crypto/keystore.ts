import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { KeystoreError } from './errors.js';

/** Which curve a stored secret belongs to. */
export type KeyKind = 'bls12-381' | 'secp256k1';

/** Cost of deriving the file's key. `n` is a power of two; memory is `128 * n * r` bytes. */
export interface ScryptCost {
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

/** OWASP's second choice: 64 MiB a derivation. */
export const DEFAULT_COST: ScryptCost = { n: 2 ** 16, r: 8, p: 1 };

/** Most memory that a key file may ask for, bytes. */
const MAX_DERIVATION = 2 ** 28;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));
const FileSchema = z.strictObject({
  version: z.literal(1),
  kind: z.enum(['bls12-381', 'secp256k1']),
  /** Public key (48 bytes) or account (20 bytes): for people, and bound to the ciphertext. */
  public: z.string().regex(/^[0-9a-f]{40,130}$/),
  kdf: z
    .strictObject({
      name: z.literal('scrypt'),
      n: z
        .int()
        .min(2)
        .max(2 ** 20)
        .refine((n) => (n & (n - 1)) === 0, 'is not a power of two'),
      r: z.int().min(1).max(32),
      p: z.int().min(1).max(16),
      salt: hex(32),
    })
    .refine(({ n, r }) => 128 * n * r <= MAX_DERIVATION, 'needs more memory than a key file may ask for'),
  cipher: z.strictObject({ name: z.literal('aes-256-gcm'), nonce: hex(12), tag: hex(16), text: hex(32) }),
});

/**
 * Writes a 32-byte secret to `path`, encrypted (scrypt, AES-256-GCM) and readable by its owner alone. The file appears
 * whole or not at all.
 * @throws KeystoreError
 */
export async function writeKey(
  path: string,
  kind: KeyKind,
  publicHex: string,
  secret: Uint8Array,
  passphrase: string,
  cost: ScryptCost = DEFAULT_COST,
): Promise<void> {
  const salt = randomBytes(32);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', await derive(passphrase, salt, cost), nonce);
  cipher.setAAD(Buffer.from(`${kind}:${publicHex}`));
  const text = Buffer.concat([cipher.update(secret), cipher.final()]);
  const file: z.infer<typeof FileSchema> = {
    version: 1,
    kind,
    public: publicHex,
    kdf: { name: 'scrypt', ...cost, salt: salt.toString('hex') },
    cipher: {
      name: 'aes-256-gcm',
      nonce: nonce.toString('hex'),
      tag: cipher.getAuthTag().toString('hex'),
      text: text.toString('hex'),
    },
  };
  try {
    await writePrivate(path, `${JSON.stringify(file, undefined, 2)}\n`);
  } catch (error) {
    throw new KeystoreError(path, 'the key file cannot be written', undefined, error);
  }
}

/** What a key file says, its secret still encrypted. @throws KeystoreError */
export function parseKeyFile(path: string, text: string): z.infer<typeof FileSchema> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new KeystoreError(path, 'is not a key file: it is not JSON', undefined, error);
  }
  const file = FileSchema.safeParse(parsed);
  if (!file.success) throw new KeystoreError(path, `is not a key file: ${z.prettifyError(file.error)}`);
  return file.data;
}

/**
 * The secret in a key file: 32 bytes, and its public part as hex.
 * @throws KeystoreError naming what is wrong: missing, not a key file, wrong kind, wrong passphrase
 */
export async function readKey(
  path: string,
  kind: KeyKind,
  passphrase: string,
): Promise<{ readonly secret: Uint8Array; readonly publicHex: string }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new KeystoreError(path, 'the key file cannot be read', undefined, error);
  }
  const data = parseKeyFile(path, text);
  if (data.kind !== kind) throw new KeystoreError(path, `holds a ${data.kind} key where ${kind} is needed`);
  const key = await derive(passphrase, Buffer.from(data.kdf.salt, 'hex'), data.kdf);
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(data.cipher.nonce, 'hex'));
  decipher.setAAD(Buffer.from(`${data.kind}:${data.public}`));
  decipher.setAuthTag(Buffer.from(data.cipher.tag, 'hex'));
  try {
    const secret = Buffer.concat([decipher.update(Buffer.from(data.cipher.text, 'hex')), decipher.final()]);
    return { secret: Uint8Array.from(secret), publicHex: data.public };
  } catch (error) {
    throw new KeystoreError(
      path,
      'cannot be decrypted',
      'The passphrase is another one, or the file was changed.',
      error,
    );
  }
}

/**
 * A passphrase from the first line of a file that only its owner may read.
 * @throws KeystoreError if it is missing, empty, or readable by others
 */
export async function readPassphrase(path: string): Promise<string> {
  try {
    const { mode } = await stat(path);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new KeystoreError(path, 'the passphrase file is readable by others', `Run: chmod 600 ${path}`);
    }
    const line = (await readFile(path, 'utf8')).split(/\r?\n/, 1)[0] ?? '';
    if (line.length === 0) throw new KeystoreError(path, 'the passphrase file is empty');
    return line;
  } catch (error) {
    if (error instanceof KeystoreError) throw error;
    throw new KeystoreError(path, 'the passphrase file cannot be read', undefined, error);
  }
}

/** Writes `text` so that only its owner reads it, and so that a crash leaves the old file or the new one, synced. */
export async function writePrivate(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await chmod(temporary, 0o600);
  await rename(temporary, path);
  const folder = await open(dirname(path), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes a key file for good: overwritten, then unlinked. Missing is fine. @throws KeystoreError */
export async function eraseKey(path: string): Promise<void> {
  try {
    const { size } = await stat(path);
    const file = await open(path, 'r+');
    try {
      await file.write(randomBytes(size), 0, size, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await unlink(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw new KeystoreError(path, 'the key file cannot be erased', undefined, error);
  }
}

function derive(passphrase: string, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  const { n, r, p } = cost;
  return new Promise((resolve, reject) => {
    scrypt(passphrase, salt, 32, { N: n, r, p, maxmem: 256 * n * r }, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
