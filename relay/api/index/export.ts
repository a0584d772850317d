import { once } from 'node:events';
import type { Request, Response } from 'express';
import { MAX_PAGE } from '../../../indexers/store/view.js';
import { CrossrootError } from '../../../proofs/errors/base.js';
import { publicText } from '../../publicText.js';
import { InternalError } from '../errors.js';
import { IndexBusyError, IndexTimeoutError } from './errors.js';

/** Exports under way at once. */
const MAX_EXPORTS = 4;
/** Most time of one. */
const MAX_MS = 10 * 60_000;

export const NDJSON = 'application/x-ndjson';

/** One page of an export, ready to be written. */
export interface ExportPage {
  /** What the first line says besides the rows: the view and what is covered. */
  readonly head: Readonly<Record<string, unknown>>;
  readonly rows: readonly unknown[];
  readonly next: string | null;
}

/** Whether the question wants lines instead of a page. */
export function wantsLines(request: Request): boolean {
  return request.accepts(['application/json', NDJSON]) === NDJSON;
}

/**
 * Writes rows as lines of JSON, page after page of one view: first a line with the view, at last `{"end": …}` with the number of
 * rows and where to go on. A file without that line is not whole. At most one page is in memory, and the next is read only once
 * the reader has taken the last.
 */
export class Exporter {
  #running = 0;

  constructor(
    private readonly onFault: (error: unknown) => void,
    private readonly limits: { readonly exports?: number; readonly ms?: number } = {},
  ) {}

  /** @throws IndexBusyError; what the first page throws. Later trouble is the last line. */
  async send(
    response: Response,
    part: { readonly limit: number; readonly cursor?: string | undefined },
    page: (limit: number, cursor: string | undefined) => Promise<ExportPage>,
  ): Promise<void> {
    const { limit, cursor } = part;
    const { exports = MAX_EXPORTS, ms = MAX_MS } = this.limits;
    if (this.#running >= exports) throw new IndexBusyError(this.#running);
    this.#running++;
    try {
      const first = await page(Math.min(limit, MAX_PAGE), cursor);
      response.status(200).type(NDJSON).set('content-disposition', 'attachment; filename="export.ndjson"');
      const deadline = performance.now() + ms;
      await write(response, [first.head], deadline);
      const ended = await this.#pages(response, limit, first, page, deadline);
      if (!response.closed) response.end(`${JSON.stringify(ended)}\n`);
    } finally {
      this.#running--;
    }
  }

  /** @returns the last line */
  async #pages(
    response: Response,
    limit: number,
    first: ExportPage,
    page: (limit: number, cursor: string | undefined) => Promise<ExportPage>,
    deadline: number,
  ): Promise<object> {
    let at = first;
    let rows = 0;
    try {
      for (;;) {
        await write(response, at.rows, deadline);
        rows += at.rows.length;
        if (response.closed || at.next === null || rows >= limit) return { end: { rows, next: at.next } };
        if (performance.now() > deadline) throw new IndexTimeoutError(this.limits.ms ?? MAX_MS);
        at = await page(Math.min(limit - rows, MAX_PAGE), at.next);
      }
    } catch (error) {
      const told = error instanceof CrossrootError ? error : new InternalError('the relay could not go on');
      if (told !== error) this.onFault(error);
      const { name, message, retryable } = told;
      return { error: { name, message: publicText(message), retryable, rows, next: at.next } };
    }
  }
}

/** Returns once the reader has taken it, or is gone. A reader that takes nothing until the deadline is let go. */
async function write(response: Response, rows: readonly unknown[], deadline: number): Promise<void> {
  if (rows.length === 0 || response.closed) return;
  if (response.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))) return;
  const done = new AbortController();
  const timer = setTimeout(() => response.destroy(), Math.max(0, deadline - performance.now()));
  await Promise.race([
    once(response, 'drain', { signal: done.signal }),
    once(response, 'close', { signal: done.signal }),
  ]).finally(() => {
    clearTimeout(timer);
    done.abort();
  });
}
