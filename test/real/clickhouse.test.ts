import { describe } from 'vitest';
import { SqlIndexStore } from '../../indexers/store/sqlStore.js';
import { clickhouseHttpConformance } from '../conformance/clickhouseHttp.js';
import { GRACE_MS, indexStoreConformance } from '../conformance/indexStore.js';
import { answerTo, type ClickHouseTarget, clientOf } from '../support/clickhouse/say.js';

/** A database of the tests' own, and what its sets' names begin with. */
const PREFIX = 'crossroot_real_test';
const {
  CLICKHOUSE_URL: url,
  CLICKHOUSE_USER: username = 'default',
  CLICKHOUSE_PASSWORD: password = '',
} = process.env;
const target = (): ClickHouseTarget => ({ url: (url ?? '').replace(/\/$/, ''), username, password });

if (url === undefined) console.warn('CLICKHOUSE_URL names no ClickHouse server: skipped');

/** The suites that the stand-in passes, on a server of ClickHouse itself. */
describe.skipIf(url === undefined)('a ClickHouse server', { timeout: 120_000 }, () => {
  describe('speaks HTTP as the stand-in does', () => clickhouseHttpConformance(target));

  describe('holds the index', () => {
    indexStoreConformance(async () => {
      const databases = await answerTo(
        target(),
        `SELECT name FROM system.databases WHERE name = '${PREFIX}' OR match(name, '^${PREFIX}_[0-9]+$') FORMAT TSVRaw`,
      );
      for (const name of databases.split('\n').filter((one) => one !== ''))
        await answerTo(target(), `DROP DATABASE ${name} SYNC`);
      return SqlIndexStore.open(await clientOf(target()), { prefix: PREFIX, graceMs: GRACE_MS });
    });
  });
});
