import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findAnvil } from '../../../devnet/anvil.js';
import type { KafkaInstallation } from '../../../devnet/kafka/install.js';
import { ROOT, type Service } from '../files.js';
import type { Program } from './container.js';

/** What runs where an image of somebody else is not to be had. */
export interface ForeignProgram extends Program {
  /** Where it listens on loopback alone, although the container's own listens on its network: bridged. */
  readonly loopback?: readonly number[];
  /** A port that answers once it is up. */
  readonly ready: number;
}

const built = (path: string) => join(ROOT, 'dist', path);
const ours = { folders: [ROOT, realpathSync(join(ROOT, 'node_modules'))] };

/** Programs of this machine for the services that are not of the project's image, by their settings. @param folder of this run */
export function foreignPrograms(
  services: ReadonlyMap<string, Service>,
  kafka: KafkaInstallation,
  folder: string,
): ReadonlyMap<string, ForeignProgram> {
  const service = (name: string): Service => services.get(name) as Service;
  const [, password = ''] = readFileSync(join(folder, 'deploy/secrets/bitcoin_cookie'), 'utf8').split(':');
  const anvil = findAnvil();
  return new Map<string, ForeignProgram>([
    ['kafka', kafkaProgram(service('kafka'), kafka, join(folder, 'kafka'))],
    [
      'clickhouse',
      {
        ...ours,
        words: [
          ...['node', built('devnet/clickhouse/main.js'), '--data', '/var/lib/clickhouse', '--port', '8123'],
          ...['--user', service('clickhouse').environment?.CLICKHOUSE_USER ?? ''],
          ...['--password-file', service('clickhouse').environment?.CLICKHOUSE_PASSWORD_FILE ?? ''],
        ],
        environment: { UV_THREADPOOL_SIZE: '8' },
        loopback: [8123],
        ready: 8123,
      },
    ],
    [
      'bitcoind',
      {
        ...ours,
        words: [
          ...[
            'node',
            built('devnet/bitcoin/main.js'),
            '--data',
            '/home/bitcoin/.bitcoin',
            '--host',
            '0.0.0.0',
          ],
          ...['--port', '18443', '--rpcuser', 'crossroot', '--p2p-port', '18444', '--block-interval', '2000'],
        ],
        environment: { REGTEST_RPC_PASSWORD: password },
        loopback: [18444],
        ready: 18443,
      },
    ],
    [
      'anvil',
      { words: [anvil, ...(service('anvil').command ?? [])], folders: [dirname(anvil)], ready: 8545 },
    ],
    ['gateway', { words: ['haproxy', '-db', '-f', '/usr/local/etc/haproxy/haproxy.cfg'], ready: 8405 }],
    ['prometheus', { words: ['prometheus', ...(service('prometheus').command ?? [])], ready: 9090 }],
  ]);
}

/** As the image does: settings from the environment, the folder formatted if it is new. */
function kafkaProgram(service: Service, { java, folder }: KafkaInstallation, own: string): ForeignProgram {
  const { CLUSTER_ID: id = '', KAFKA_HEAP_OPTS: heap = '', ...settings } = service.environment ?? {};
  const lines = Object.entries(settings).map(
    ([name, value]) =>
      `${name
        .replace(/^KAFKA_/, '')
        .toLowerCase()
        .replaceAll('_', '.')}=${value}\n`,
  );
  mkdirSync(own);
  const file = join(own, 'server.properties');
  writeFileSync(file, lines.join(''));
  const start = `${java} -XX:+UseSerialGC -cp '${folder}/*'`;
  const script = `${start} kafka.tools.StorageTool format --ignore-formatted --cluster-id=${id} -c ${file} && exec ${start} ${heap} kafka.Kafka ${file}`;
  return {
    words: ['sh', '-c', script],
    folders: [folder, own],
    environment: { LOG_DIR: '/tmp' },
    ready: 9092,
  };
}

/** A program that lets others reach a port that listens on loopback alone. */
export function bridge(address: string, port: number): string {
  const code = `require('node:net').createServer((a) => {
    const b = require('node:net').connect(${port}, '127.0.0.1');
    a.pipe(b).pipe(a);
    a.on('error', () => b.destroy());
    b.on('error', () => a.destroy());
  }).listen(${port}, '${address}')`;
  return `exec node -e "${code}"`;
}

/** The engine's name server, for who asks it instead of reading /etc/hosts: addresses of version 4 (RFC 1035). */
export function nameServer(addresses: ReadonlyMap<string, string>): string {
  const code = `
    const hosts = new Map(${JSON.stringify([...addresses])});
    const socket = require('node:dgram').createSocket('udp4');
    socket.on('message', (query, from) => {
      const labels = [];
      let at = 12;
      for (; query[at] > 0; at += 1 + query[at]) labels.push(query.toString('latin1', at + 1, at + 1 + query[at]));
      const address = hosts.get(labels.join('.'));
      const isA = query.readUInt16BE(at + 1) === 1;
      const answer = address === undefined || !isA ? [] : [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...address.split('.').map(Number)];
      const head = [query[0], query[1], 0x81, address === undefined ? 0x83 : 0x80, 0, 1, 0, answer.length > 0 ? 1 : 0, 0, 0, 0, 0];
      socket.send(Buffer.concat([Buffer.from(head), query.subarray(12, at + 5), Buffer.from(answer)]), from.port, from.address);
    });
    socket.bind(53, '127.0.0.11');`;
  return `exec node -e '${code.replaceAll("'", '`')}'`;
}
