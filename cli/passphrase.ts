import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KeystoreError } from '../mainchain/crypto/errors.js';
import { readPassphrase } from '../mainchain/crypto/keystore.js';
import { UsageError } from './errors.js';

export interface PassphraseFlags {
  readonly passphraseFile?: string;
}

/** Environment variables: a file's path, and the passphrase itself. */
const FILE = 'CROSSROOT_PASSPHRASE_FILE';
const TEXT = 'CROSSROOT_PASSPHRASE';
const MAX_LENGTH = 1024;

/**
 * The passphrase that whoever calls gives for the keys: `--passphrase-file`, else one of the two environment variables. Both leave the
 * environment, so that no process that is started from here inherits them.
 * @returns `undefined` where none is given: each key has its own then, in a file beside it
 * @throws UsageError where both variables are set, or one is of no use; KeystoreError as `readPassphrase`
 */
export async function givenPassphrase(
  { passphraseFile }: PassphraseFlags,
  environment: Record<string, string | undefined> = process.env,
): Promise<string | undefined> {
  const { [FILE]: file, [TEXT]: text } = environment;
  delete environment[FILE];
  delete environment[TEXT];
  if (passphraseFile !== undefined) return readPassphrase(passphraseFile);
  if (file !== undefined && text !== undefined) throw new UsageError(`give either ${FILE} or ${TEXT}`);
  if (file !== undefined) return readPassphrase(file);
  // Of the text nothing is told, whatever is wrong with it.
  if (text !== undefined && (text === '' || text.length > MAX_LENGTH || /[\r\n]/.test(text)))
    throw new UsageError(`${TEXT} is not one line of 1 to ${MAX_LENGTH} characters`);
  return text;
}

/** Where a folder's own passphrase is. */
export function passphraseFile(folder: string): string {
  return join(folder, 'passphrase');
}

/** What opens the keys in a folder: the passphrase that was given, else the folder's own. @throws KeystoreError */
export async function passphraseOf(folder: string, given: string | undefined): Promise<string> {
  if (given !== undefined) return given;
  const file = passphraseFile(folder);
  if (!existsSync(file))
    throw new KeystoreError(
      file,
      'the passphrase file is missing',
      `Give --passphrase-file, ${FILE} or ${TEXT} where the keys were made with one.`,
    );
  return readPassphrase(file);
}
