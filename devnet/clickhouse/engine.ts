import { mkdir } from 'node:fs/promises';
import { asException, Exceptions, ServerException } from './exception.js';
import { escapeLiteral } from './literal.js';

type Session = InstanceType<typeof import('chdb').Session>;

/** Limits of one statement; a request may ask for smaller ones. */
export interface EngineLimits {
  readonly seconds: number;
  /** Of the answer, before it is compressed. */
  readonly resultBytes: number;
  /** Memory of one statement, in bytes. */
  readonly memoryBytes: number;
}

export interface Order {
  readonly text: string;
  /** Format of the answer where the statement names none. */
  readonly format: string;
  readonly settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}`, in the TSV escapes that ClickHouse expects of `param_name`. */
  readonly parameters: ReadonlyMap<string, string>;
  readonly database: string | undefined;
  /** ClickHouse's `readonly`: 0, or 2 for requests by GET. */
  readonly readonly: 0 | 2;
  /** Under which the statement can be cancelled. */
  readonly id: string;
  /** Milliseconds that are left. */
  readonly patience: number;
}

export interface Outcome {
  readonly bytes: Uint8Array;
  /** Of the answer; of an INSERT those written. */
  readonly rows: number;
  /** In the engine's representation, not the format's. */
  readonly engineBytes: number;
  readonly elapsedSeconds: number;
}

/** The chDB of one folder. One process may own it, and one process owns one. Main thread only. */
export class Engine {
  readonly #open: () => Session;
  readonly #owner: Session;
  readonly #limits: EngineLimits;
  #closed = false;

  private constructor(
    open: () => Session,
    owner: Session,
    limits: EngineLimits,
    /** Of the ClickHouse inside. */
    readonly version: string,
    readonly timeZone: string,
  ) {
    this.#open = open;
    this.#owner = owner;
    this.#limits = limits;
  }

  /** @throws ServerException if another process owns the folder */
  static async open(folder: string, limits: EngineLimits): Promise<Engine> {
    const { Session } = await import('chdb');
    await mkdir(folder, { recursive: true });
    const open = () => new Session(folder);
    let owner: Session;
    try {
      owner = open();
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      throw new ServerException(
        Exceptions.CANNOT_OPEN_FILE,
        `${folder} cannot be opened, perhaps because another process owns it: ${problem}`,
      );
    }
    try {
      const about = await owner.queryAsync('SELECT version(), timezone()', { format: 'TSVRaw' });
      const [version = '', timeZone = 'UTC'] = about.text().trim().split('\t');
      return new Engine(open, owner, limits, version, timeZone);
    } catch (error) {
      throw asException(error);
    }
  }

  /**
   * Runs one statement in a connection of its own, so that settings and parameters stay with it.
   * @throws ServerException
   */
  async run(order: Order): Promise<Outcome> {
    let session: Session | undefined;
    try {
      session = this.#open();
      const use = order.database === undefined ? '' : `USE ${identifier(order.database)};\n`;
      const set = `SET ${this.#settings(order).join(', ')};\n`;
      // In one go: each takes a turn of the engine's threads.
      const result = await session.queryAsync(use + set + order.text, { format: order.format });
      return {
        bytes: result.bytes(),
        rows: result.rowsRead,
        engineBytes: result.bytesRead,
        elapsedSeconds: result.elapsed,
      };
    } catch (error) {
      throw asException(error);
    } finally {
      session?.close();
    }
  }

  /** Ends a running statement, soon. */
  async cancel(id: string): Promise<void> {
    if (this.#closed) return;
    await this.#owner.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = ${escapeLiteral(id)} ASYNC`);
  }

  close(): void {
    this.#closed = true;
    this.#owner.close();
  }

  #settings({ settings, parameters, readonly, id, patience }: Order): string[] {
    const given = new Map(settings);
    const clamp = (name: string, most: number) => {
      const asked = Number(given.get(name) ?? Number.NaN);
      given.set(name, String(asked > 0 && asked < most ? asked : most));
    };
    clamp('max_execution_time', Math.max(0.05, Math.min(this.#limits.seconds, patience / 1000)));
    clamp('max_result_bytes', this.#limits.resultBytes);
    clamp('max_memory_usage', this.#limits.memoryBytes);
    given.set('result_overflow_mode', 'throw').set('log_comment', id);
    given.delete('readonly');
    const level = settings.get('readonly') === '1' ? 1 : settings.get('readonly') === '2' ? 2 : readonly;
    return [
      ...[...parameters].map(([name, value]) => `param_${settingName(name)} = ${escapeLiteral(value)}`),
      ...[...given].map(([name, value]) => `${settingName(name)} = ${escapeLiteral(value)}`),
      ...(level === 0 ? [] : [`readonly = ${level}`]),
    ];
  }
}

function settingName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_.]{0,127}$/.test(name))
    throw new ServerException(Exceptions.UNKNOWN_SETTING, `Unknown setting '${name.slice(0, 128)}'`);
  return name;
}

function identifier(name: string): string {
  return `\`${name.replace(/[\\`]/g, '\\$&')}\``;
}
