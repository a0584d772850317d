import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesEqual, fromHex, toBareHex } from '../../proofs/bytes.js';
import { AccountSigner } from '../crypto/account.js';
import { DEFAULT_COST, eraseKey, readKey, type ScryptCost, writeKey } from '../crypto/keystore.js';
import { BlsSigner } from '../crypto/signer.js';

/** A delegate's keys: one account, and a BLS key a term. */
export interface DelegateKeys {
  readonly account: AccountSigner;
  /** The signer of a BLS public key (48 bytes), if its secret is here. */
  bls(publicKey: Uint8Array): BlsSigner | undefined;
  /** Public keys whose secrets are here. */
  list(): readonly Uint8Array[];
  /** A fresh BLS key, stored before it is returned. */
  create(): Promise<BlsSigner>;
  /** Forgets a secret for good. */
  erase(publicKey: Uint8Array): Promise<void>;
}

/** Keys in memory: for tests. */
export class MemoryKeys implements DelegateKeys {
  readonly #bls: BlsSigner[];

  constructor(
    readonly account: AccountSigner,
    bls: readonly BlsSigner[],
  ) {
    this.#bls = [...bls];
  }

  bls(publicKey: Uint8Array): BlsSigner | undefined {
    return this.#bls.find((s) => bytesEqual(s.publicKey, publicKey));
  }
  list(): readonly Uint8Array[] {
    return this.#bls.map((s) => s.publicKey);
  }
  async create(): Promise<BlsSigner> {
    const signer = BlsSigner.generate();
    this.#bls.push(signer);
    return signer;
  }
  async erase(publicKey: Uint8Array): Promise<void> {
    const at = this.#bls.findIndex((s) => bytesEqual(s.publicKey, publicKey));
    if (at >= 0) this.#bls.splice(at, 1);
  }
}

const ACCOUNT_FILE = 'account.json';
const BLS_FILE = /^bls-([0-9a-f]{96})\.json$/;

/** Keys in a folder: `account.json` and one `bls-<public key>.json` a BLS key, all encrypted with one passphrase. */
export class FileKeys implements DelegateKeys {
  readonly #folder: string;
  readonly #passphrase: string;
  readonly #cost: ScryptCost;
  readonly #bls: Map<string, BlsSigner>;

  private constructor(
    folder: string,
    passphrase: string,
    cost: ScryptCost,
    readonly account: AccountSigner,
    bls: Map<string, BlsSigner>,
  ) {
    this.#folder = folder;
    this.#passphrase = passphrase;
    this.#cost = cost;
    this.#bls = bls;
  }

  /** Makes the folder with a fresh account (or the one given) and a first BLS key. @throws KeystoreError */
  static async create(
    folder: string,
    passphrase: string,
    account: AccountSigner = AccountSigner.generate(),
    cost: ScryptCost = DEFAULT_COST,
  ): Promise<FileKeys> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const keys = new FileKeys(folder, passphrase, cost, account, new Map());
    await writeKey(
      join(folder, ACCOUNT_FILE),
      'secp256k1',
      toBareHex(account.account),
      account.exportSecret(),
      passphrase,
      cost,
    );
    await keys.create();
    return keys;
  }

  /** @throws KeystoreError if a file is missing, damaged, or the passphrase is another one */
  static async open(folder: string, passphrase: string, cost: ScryptCost = DEFAULT_COST): Promise<FileKeys> {
    const { secret } = await readKey(join(folder, ACCOUNT_FILE), 'secp256k1', passphrase);
    const bls = new Map<string, BlsSigner>();
    for (const name of (await readdir(folder)).sort()) {
      if (!BLS_FILE.test(name)) continue;
      const read = await readKey(join(folder, name), 'bls12-381', passphrase);
      const signer = BlsSigner.fromSecret(read.secret);
      bls.set(toBareHex(signer.publicKey), signer);
    }
    return new FileKeys(folder, passphrase, cost, AccountSigner.fromSecret(secret), bls);
  }

  bls(publicKey: Uint8Array): BlsSigner | undefined {
    return this.#bls.get(toBareHex(publicKey));
  }
  list(): readonly Uint8Array[] {
    return [...this.#bls.keys()].map((id) => fromHex(id));
  }

  async create(): Promise<BlsSigner> {
    const signer = BlsSigner.generate();
    const id = toBareHex(signer.publicKey);
    await writeKey(this.#path(id), 'bls12-381', id, signer.exportSecret(), this.#passphrase, this.#cost);
    this.#bls.set(id, signer);
    return signer;
  }

  async erase(publicKey: Uint8Array): Promise<void> {
    const id = toBareHex(publicKey);
    this.#bls.delete(id);
    await eraseKey(this.#path(id));
  }

  #path(id: string): string {
    return join(this.#folder, `bls-${id}.json`);
  }
}
