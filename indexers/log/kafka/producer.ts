import { setTimeout as sleep } from 'node:timers/promises';
import { Serials } from '../../serial.js';
import { compress, type ProducerPlace, sealBatch } from './batchEncoder.js';
import { type KafkaDriver, type KafkaSettings, type OutBatch, REQUEST_TIMEOUT_MS } from './driver.js';
import { KafkaRefusedError, KafkaResponseError, KafkaUnavailableError } from './errors.js';
import { BrokerLink } from './link.js';
import {
  decodeInitProducerId,
  decodeProduce,
  encodeInitProducerId,
  encodeProduce,
  INIT_PRODUCER_ID,
  PRODUCE,
} from './produceWire.js';
import { ErrorCode } from './wire.js';

const ATTEMPTS = 3;
const PAUSE_MS = 100;
const SEQUENCES = 2 ** 31;

/** Codes after which only a new producer id helps: what the broker knows of this one is not what this one knows. */
const FORGOTTEN: ReadonlySet<number> = new Set([
  ErrorCode.outOfOrderSequence,
  ErrorCode.invalidProducerEpoch,
  ErrorCode.unknownProducerId,
]);

/** Codes that trying again does not mend. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [10, 'a batch that is too large'],
  [17, 'the topic’s name'],
  [18, 'a batch that is too large'],
  [29, 'access to the topic'],
  [31, 'access to the cluster'],
  [44, 'what its policy forbids'],
  [76, 'the compression'],
  [87, 'a record'],
]);

interface Line {
  readonly link: BrokerLink;
  place: ProducerPlace | undefined;
}

/**
 * Writes record batches by plain requests, idempotently and one at a time for each topic: a batch that has to be sent again
 * bears the same producer and sequence, so that it counts once. Both clients write alike, with a fraction of their own work.
 */
export class BatchProducer {
  readonly #driver: Pick<KafkaDriver, 'connect'>;
  readonly #timeoutMs: number;
  readonly #gzip: boolean;
  readonly #serials = new Serials();
  readonly #lines = new Map<string, Line>();
  #closed = false;

  constructor(driver: Pick<KafkaDriver, 'connect'>, settings: KafkaSettings) {
    this.#driver = driver;
    this.#timeoutMs = settings.requestTimeoutMs ?? REQUEST_TIMEOUT_MS;
    this.#gzip = settings.compression === 'gzip';
  }

  /** As `KafkaDriver.produce`. @throws KafkaUnavailableError, KafkaRefusedError */
  produce(topic: string, batch: OutBatch): Promise<number> {
    return this.#serials.of(topic).run(async () => {
      const body = this.#gzip ? await compress(batch.body) : batch.body;
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#send(topic, body, batch.count);
        } catch (error) {
          if (!(error instanceof KafkaUnavailableError)) throw error;
          if (this.#closed) throw error;
          if (attempt < ATTEMPTS) await sleep(PAUSE_MS * 2 ** attempt);
          else {
            // Whether the broker has the sequence is not known: the next batch begins with a new producer.
            this.#line(topic).place = undefined;
            throw error;
          }
        }
      }
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const lines = [...this.#lines.values()];
    this.#lines.clear();
    await Promise.all(lines.map(({ link }) => link.reconnect()));
  }

  async #send(topic: string, body: Uint8Array, count: number): Promise<number> {
    if (this.#closed) throw new KafkaUnavailableError('the client is closed');
    const line = this.#line(topic);
    const place = line.place ?? (await this.#begin(topic, line.link));
    line.place = place;
    const batch = sealBatch(body, count, place, { time: Date.now(), gzipped: this.#gzip });
    const request = encodeProduce(topic, batch, this.#timeoutMs);
    const { code, offset } = decodeProduce(await line.link.ask(topic, PRODUCE, request, this.#timeoutMs));
    if (code === 0 || code === ErrorCode.duplicateSequence) {
      line.place = { ...place, sequence: (place.sequence + count) % SEQUENCES };
      return offset;
    }
    void line.link.reconnect();
    if (FORGOTTEN.has(code)) line.place = undefined;
    throw problem(`write to ${topic}`, code);
  }

  async #begin(topic: string, link: BrokerLink): Promise<ProducerPlace> {
    const answer = await link.ask(topic, INIT_PRODUCER_ID, encodeInitProducerId(), this.#timeoutMs);
    const { code, id, epoch } = decodeInitProducerId(answer);
    if (code === 0) return { id, epoch, sequence: 0 };
    void link.reconnect();
    throw problem('begin to write', code);
  }

  #line(topic: string): Line {
    const known = this.#lines.get(topic);
    if (known !== undefined) return known;
    const line: Line = { link: new BrokerLink(this.#driver), place: undefined };
    this.#lines.set(topic, line);
    return line;
  }
}

function problem(what: string, code: number): KafkaRefusedError | KafkaUnavailableError {
  const refused = REFUSED.get(code);
  const cause = new KafkaResponseError(what, code);
  return refused === undefined
    ? new KafkaUnavailableError(`${what} failed: error code ${code}`, cause)
    : new KafkaRefusedError(refused, cause);
}
