import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { fail, whole } from '../commandLine.js';
import { serveClickHouse } from './server.js';

const MiB = 2 ** 20;

/** `node dist/devnet/clickhouse/main.js`: says where it listens in one line on standard output, then serves until SIGTERM. */
async function main(): Promise<void> {
  const options = new Command('clickhouse')
    .description(
      'Stands in for a ClickHouse server on machines without one, for development and tests: a chDB (the ClickHouse ' +
        'engine, in this process) behind the part of ClickHouse’s HTTP interface that its JavaScript client and curl ' +
        'use. Listens on 127.0.0.1 only. It has one user; statements may read files of this machine.',
    )
    .requiredOption('--data <folder>', 'holds the databases; one process at a time')
    .requiredOption('--port <number>', 'port to listen on; 0 for any', whole(0, 65_535))
    .option('--user <name>', 'name of its user', 'default')
    .option('--password-file <path>', 'file with its password; by default there is none')
    .option('--max-body-mebibytes <number>', 'largest body of a request, unpacked', whole(1, 65_536), 1024)
    .option('--max-result-mebibytes <number>', 'largest answer', whole(1, 65_536), 256)
    .option('--max-memory-mebibytes <number>', 'most memory of one statement', whole(16, 2 ** 20), 2048)
    .option('--max-running <number>', 'statements at once; others wait', whole(1, 64), 3)
    .option('--max-seconds <number>', 'longest time of a request', whole(1, 3600), 60)
    .parse()
    .opts<Options>();
  const password =
    options.passwordFile === undefined
      ? ''
      : (await readFile(options.passwordFile, 'utf8')).replace(/\r?\n$/, '');
  const front = await serveClickHouse({
    dataDir: options.data,
    port: options.port,
    credentials: { user: options.user, password },
    limits: {
      bodyBytes: options.maxBodyMebibytes * MiB,
      resultBytes: options.maxResultMebibytes * MiB,
      memoryBytes: options.maxMemoryMebibytes * MiB,
      running: options.maxRunning,
      seconds: options.maxSeconds,
    },
  });
  process.stdout.write(`${JSON.stringify({ url: front.url, version: front.version })}\n`);
  const stop = () => {
    front.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

interface Options {
  readonly data: string;
  readonly port: number;
  readonly user: string;
  readonly passwordFile?: string;
  readonly maxBodyMebibytes: number;
  readonly maxResultMebibytes: number;
  readonly maxMemoryMebibytes: number;
  readonly maxRunning: number;
  readonly maxSeconds: number;
}

main().catch(fail);
