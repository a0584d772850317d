import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { CrossrootError } from '../../proofs/errors/base.js';
import { findKafka, type KafkaInstallation } from '../kafka/install.js';
import { Cluster } from './cluster.js';
import { ClusterError, MissingPartError } from './errors.js';
import { payAndProve } from './prove.js';

/** Oldest Java that Kafka's brokers run on. */
const JAVA = 17;

const HELP = `
On loopback, each a process of its own, as docker-compose.yml has them as containers:
  Kafka         the real one (one broker, KRaft), its jars fetched once from Maven Central into a cache folder
  ClickHouse    a small HTTP front over chDB, the same engine inside a process, stands in for the server
  Bitcoin       Crossroot's own regtest node stands in for bitcoind
  Ethereum      anvil, the real one, under a small beacon chain of Crossroot's own with real signatures
  Crossroot     the roles by their commands: init, 4 x node, 2 x index, 2 x relay, 2 x api
  one address   a small HTTP proxy that takes turns among the API servers stands in for HAProxy
Prometheus and Grafana have no stand-in: every role serves /metrics.

It needs Java ${JAVA} or later on PATH (or JAVA_HOME), curl, and at the first run Maven Central, or a folder of Kafka's jars
in CROSSROOT_KAFKA; and about 3 GB of memory. It ends with 2 where one of these is missing.`;

interface Flags {
  readonly once: boolean;
  readonly port: number;
  readonly data?: string;
}

/** `npm run cluster`. @returns the exit code */
async function main(): Promise<number> {
  const flags = new Command('npm run cluster --')
    .description('Run the whole topology on this machine with real servers, until Ctrl-C.')
    .option('--once', 'prove a payment on each chain, kill one of each pair, prove again, and end', false)
    .option('--port <number>', 'port of the one address', tcpPort, 4700)
    .option('--data <folder>', 'empty folder for data and logs, kept (default: a temporary one)')
    .addHelpText('after', HELP)
    .parse()
    .opts<Flags>();
  const installation = needed();
  const folder = ownFolder(flags.data);
  const stop = new AbortController();
  const interrupted = new Promise<'interrupted'>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        stop.abort(new ClusterError('the cluster', 'was interrupted'));
        done('interrupted');
      });
  });
  const say = speaker();
  const cluster = new Cluster({ folder, installation, port: flags.port, say, signal: stop.signal });
  say(`data and logs in ${folder}`);
  const work = async () => {
    await cluster.start();
    if (!flags.once) {
      say('running (Ctrl-C stops)');
      return interrupted;
    }
    const proofs = { folder: join(folder, 'proofs'), say, signal: stop.signal };
    const prove = (round: string) =>
      payAndProve({ ...proofs, servers: cluster.servers, api: cluster.url, data: cluster.data, round });
    await prove('before');
    await cluster.killOneOfEach();
    await prove('after');
    say('all that was paid was proven, before and after');
    return 'done';
  };
  const working = work();
  let failed = true;
  try {
    const end = await Promise.race([working, interrupted]);
    failed = false;
    return end === 'interrupted' && flags.once ? 1 : 0;
  } finally {
    say('stopping …');
    stop.abort(new ClusterError('the cluster', 'is being stopped'));
    await Promise.allSettled([working]);
    await cluster.stop();
    if (flags.data === undefined && !failed) rmSync(folder, { recursive: true, force: true });
    say(failed ? `stopped; what it left is in ${folder}` : 'stopped');
  }
}

/** @throws MissingPartError naming what this machine lacks */
function needed(): KafkaInstallation {
  const kafka = findKafka();
  if (typeof kafka === 'string') throw new MissingPartError(kafka);
  const java = javaVersion(kafka.java);
  if (java < JAVA) throw new MissingPartError(`${kafka.java} is Java ${java}`);
  try {
    createRequire(import.meta.url).resolve('chdb');
  } catch {
    throw new MissingPartError('the optional package chdb is not installed');
  }
  return kafka;
}

function javaVersion(java: string): number {
  // It writes to standard error; `--version`, which would not, is unknown to the old ones.
  const { stderr } = spawnSync(java, ['-XshowSettings:properties', '-version'], { encoding: 'utf8' });
  return Number(/java\.specification\.version = (?:1\.)?(\d+)/.exec(stderr)?.[1] ?? 0);
}

function ownFolder(data: string | undefined): string {
  if (data === undefined) return mkdtempSync(join(tmpdir(), 'crossroot-cluster-'));
  const folder = resolve(data);
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new ClusterError(folder, 'is not empty: every run begins anew');
  return folder;
}

/** One line each, with the seconds since the start. */
function speaker(): (line: string) => void {
  const start = Date.now();
  return (line) => {
    const seconds = ((Date.now() - start) / 1000).toFixed(1).padStart(6);
    process.stdout.write(`${seconds} s  ${line}\n`);
  };
}

function tcpPort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It is not a port.');
  return port;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known = error instanceof CrossrootError;
    process.stderr.write(`error: ${known ? error.message : error instanceof Error ? error.stack : error}\n`);
    if (known && error.hint !== undefined) process.stderr.write(`${error.hint}\n`);
    process.exit(error instanceof MissingPartError ? 2 : 1);
  },
);
