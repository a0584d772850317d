/** What one statement may take. */
export interface SqlLimits {
  /** Seconds of a query. Default 20. */
  readonly querySeconds?: number;
  /** Bytes of memory of one statement; all of an embedded index together take half as much again at most. Default 1 GiB. */
  readonly memoryBytes?: number;
  /** Threads of one statement. Default 2. */
  readonly threads?: number;
}

/** Rows and bytes of one answer: above any page, so that nothing but a mistake meets them. */
const MAX_RESULT_ROWS = 100_000;
const MAX_RESULT_BYTES = 512 * 2 ** 20;

/** ClickHouse's settings of every statement; those of queries go with queries alone. */
export function sqlSettings(limits: SqlLimits = {}) {
  const { querySeconds = 20, memoryBytes = 2 ** 30, threads = 2 } = limits;
  return {
    every: {
      max_memory_usage: String(memoryBytes),
      max_threads: threads,
      // Our batches are large, and a write has to be in when it returns.
      async_insert: 0,
      // Replicated tables leave out an insert that is like one of the last thousands, though its rows may be gone since: those
      // that a power failure took are written again just as they were. What is there twice is joined by the tables' engines.
      insert_deduplicate: 0,
      max_insert_threads: '1',
    },
    /** Of an embedded index, whose statements all are this process's. */
    embedded: { max_memory_usage_for_user: String(Math.floor(memoryBytes * 1.5)) },
    query: {
      max_execution_time: querySeconds,
      timeout_overflow_mode: 'throw',
      max_result_rows: String(MAX_RESULT_ROWS),
      max_result_bytes: String(MAX_RESULT_BYTES),
      result_overflow_mode: 'throw',
      output_format_json_quote_64bit_integers: 1,
    },
  } as const;
}
