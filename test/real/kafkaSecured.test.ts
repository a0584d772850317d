import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findKafka } from '../../devnet/kafka/install.js';
import { KafkaCluster } from '../../devnet/kafka/server.js';
import type { KafkaSasl, KafkaTls } from '../../indexers/log/kafka/driver.js';
import { KafkaRefusedError } from '../../indexers/log/kafka/errors.js';
import { KafkaLog } from '../../indexers/log/kafka/kafkaLog.js';
import { MemoryStore } from '../../storage/memory.js';
import { DRIVERS } from '../support/kafka/drivers.js';
import { planned } from '../support/kafka/plan.js';
import { findProgram } from '../support/programs.js';

const installation = findKafka();
/** Comes with every Java, beside the program itself. */
const keytoolPath =
  typeof installation === 'string'
    ? undefined
    : findProgram('keytool', [dirname(installation.java), dirname(realpathSync(installation.java))]);
if (typeof installation === 'string') console.warn(`Kafka: ${installation}: skipped`);
else if (keytoolPath === undefined) console.warn('Kafka with TLS: there is no keytool beside java: skipped');

describe.skipIf(keytoolPath === undefined)('a broker with TLS and passwords', () => {
  const folder = mkdtempSync(join(tmpdir(), 'crossroot-kafka-'));
  let cluster: KafkaCluster;
  let ca = '';

  beforeAll(async () => {
    if (typeof installation === 'string' || keytoolPath === undefined) return;
    const keytool = (...args: string[]) => execFileSync(keytoolPath, args, { stdio: 'pipe' });
    const [store, certificate] = [join(folder, 'broker.p12'), join(folder, 'broker.pem')];
    const access = ['-keystore', store, '-storepass', 'changeit', '-alias', 'broker'];
    keytool(
      ...['-genkeypair', ...access, '-keyalg', 'RSA', '-dname', 'CN=localhost'],
      ...['-ext', 'SAN=dns:localhost,ip:127.0.0.1', '-validity', '2'],
    );
    keytool('-exportcert', '-rfc', ...access, '-file', certificate);
    ca = readFileSync(certificate, 'utf8');
    const jaas = 'listener.name.client';
    const login = 'org.apache.kafka.common.security';
    cluster = new KafkaCluster({
      ...{ installation, folder, secured: true },
      format: [
        ...['--add-scram', 'SCRAM-SHA-256=[name=relay,password=correct]'],
        ...['--add-scram', 'SCRAM-SHA-512=[name=relay,password=correct]'],
      ],
      settings: {
        [`${jaas}.sasl.enabled.mechanisms`]: 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        [`${jaas}.plain.sasl.jaas.config`]: `${login}.plain.PlainLoginModule required user_relay="correct";`,
        [`${jaas}.scram-sha-256.sasl.jaas.config`]: `${login}.scram.ScramLoginModule required;`,
        [`${jaas}.scram-sha-512.sasl.jaas.config`]: `${login}.scram.ScramLoginModule required;`,
        [`${jaas}.ssl.keystore.location`]: store,
        [`${jaas}.ssl.keystore.password`]: 'changeit',
      },
    });
    await cluster.start();
  });
  afterAll(async () => {
    await cluster?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [name, make] of DRIVERS)
    describe(`with ${name}`, () => {
      const open = async (sasl: KafkaSasl, ssl: KafkaTls | boolean, prefix: string): Promise<KafkaLog> => {
        const brokers = [`127.0.0.1:${cluster.securedPort(0)}`];
        const driver = await make({ brokers, clientId: 'test', sasl, ssl, requestTimeoutMs: 3000 });
        return new KafkaLog({ driver, store: new MemoryStore(), prefix, maxWaitMs: 200, deliveryMs: 6000 });
      };

      for (const mechanism of ['plain', 'scram-sha-256', 'scram-sha-512'] as const)
        test(`reads and writes by ${mechanism}`, async () => {
          const log = await open(
            { mechanism, username: 'relay', password: 'correct' },
            { ca },
            `${name}.${mechanism}`,
          );
          const lease = await log.acquire('a');
          expect(await log.append(lease, 1, planned(5))).toBe(5);
          await log.close();
        });

      test('a wrong password is refused for good, a certificate of someone else too', async () => {
        const wrong = await open({ mechanism: 'plain', username: 'relay', password: 'wrong' }, { ca }, name);
        await expect(wrong.acquire('a')).rejects.toThrow(KafkaRefusedError);
        await wrong.close();
        const strange = await open(
          { mechanism: 'plain', username: 'relay', password: 'correct' },
          true,
          name,
        );
        await expect(strange.acquire('a')).rejects.toThrow();
        await strange.close();
      });
    });
});
