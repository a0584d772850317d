import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openLogger } from './logger.js';

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
