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
