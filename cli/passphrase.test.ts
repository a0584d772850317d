import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeystoreError } from '../mainchain/crypto/errors.js';
import { UsageError } from './errors.js';
import { givenPassphrase, passphraseFile, passphraseOf } from './passphrase.js';

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'passphrase-'));
  for (const [name, mode] of [
    ['flag', 0o600],
    ['variable', 0o400],
    ['open', 0o644],
  ] as const)
    await writeFile(file(name), `of the ${name}\n`, { mode });
});
afterAll(() => rm(folder, { recursive: true }));

describe('the passphrase that is given', () => {
  const given = (environment: Record<string, string | undefined>, name?: string) =>
    givenPassphrase(name === undefined ? {} : { passphraseFile: file(name) }, environment);

  test('is the option’s before the environment’s, and none without either', async () => {
    expect(await given({})).toBeUndefined();
    expect(await given({ CROSSROOT_PASSPHRASE: 'of the text' })).toBe('of the text');
    expect(await given({ CROSSROOT_PASSPHRASE_FILE: file('variable') })).toBe('of the variable');
    const both = { CROSSROOT_PASSPHRASE: 'a', CROSSROOT_PASSPHRASE_FILE: file('variable') };
    expect(await given(both, 'flag')).toBe('of the flag');
  });

  test('leaves the environment, also where it is refused', async () => {
    const environment = {
      OTHER: 'x',
      CROSSROOT_PASSPHRASE: 'a',
      CROSSROOT_PASSPHRASE_FILE: file('variable'),
    };
    await expect(given(environment)).rejects.toThrow(UsageError);
    expect(environment).toEqual({ OTHER: 'x' });
  });

  test.each(['', 'two\nlines', 'x'.repeat(1025)])(
    'of no use is told without a word of it: %#',
    async (text) => {
      const refused = await given({ CROSSROOT_PASSPHRASE: text }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(UsageError);
      expect(String(refused)).toBe(
        'UsageError: CROSSROOT_PASSPHRASE is not one line of 1 to 1024 characters',
      );
    },
  );

  test('comes from no file that others can read', async () => {
    await expect(given({}, 'open')).rejects.toThrow('readable by others');
    await expect(given({ CROSSROOT_PASSPHRASE_FILE: file('nowhere') })).rejects.toThrow('cannot be read');
  });
});

test('without one, a folder’s own holds; where that is missing, the ways to give one are told', async () => {
  expect(await passphraseOf(folder, 'given')).toBe('given');
  const missing = await passphraseOf(folder, undefined).catch((error: unknown) => error);
  expect(missing).toBeInstanceOf(KeystoreError);
  expect(missing).toMatchObject({
    hint: expect.stringMatching(/--passphrase-file, CROSSROOT_PASSPHRASE_FILE/),
  });
  await writeFile(passphraseFile(folder), 'its own\n', { mode: 0o600 });
  expect(await passphraseOf(folder, undefined)).toBe('its own');
});
