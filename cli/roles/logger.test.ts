import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { openLogger } from './logger.js';

test.skipIf(!existsSync('/dev/full'))('a log on a full disk ends nothing, and says so once', async () => {
  const said: string[] = [];
  const write = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  const log = openLogger('info', '/dev/full');
  for (let i = 0; i < 5; i++) {
    log.error('something');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  write.mockRestore();
  expect(said).toEqual(['the log /dev/full cannot be written (no space is left on the disk)\n']);
});

test('a log that was copied and truncated goes on from its beginning, and holds no secret', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-log-'));
  const file = join(folder, 'logs', 'relay.log');
  const log = openLogger('info', file);
  log.info('old');
  truncateSync(file);
  log.info({ source: { password: 'hush' }, passphrase: 'hush' }, 'new');
  const text = readFileSync(file, 'utf8');
  expect(JSON.parse(text)).toMatchObject({ msg: 'new' });
  expect(text).not.toContain('hush');
  rmSync(folder, { recursive: true });
});

test('no user and no password of a URL gets into the log, whoever wrote it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-log-'));
  const file = join(folder, 'logs', 'a.log');
  const log = openLogger('info', file);
  const cause = new Error('no answer from wss://:hunter2@node.internal:8546/v1');
  log.warn(
    { err: new Error('http://me:hunter2@10.1.2.3:8332 is away', { cause }), password: 'hunter2' },
    'failed',
  );
  const text = readFileSync(file, 'utf8');
  rmSync(folder, { recursive: true });
  expect(text).toContain('http://10.1.2.3:8332 is away');
  expect(text).toContain('wss://node.internal:8546/v1');
  expect(text).not.toMatch(/hunter2|me:/);
  expect(JSON.parse(text)).toMatchObject({ level: 40, msg: 'failed' });
});
