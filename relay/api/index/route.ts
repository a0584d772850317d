import type { Request, Response } from 'express';
import * as z from 'zod';
import type { IndexReader } from '../../../indexers/store/indexStore.js';
import type { Listing, ListQuery, Page, PageQuery } from '../../../indexers/store/view.js';
import type { IndexedChain } from '../context.js';
import { ask } from '../json.js';
import { ChainPath } from '../schemas.js';
import { type IndexAnswers, viewOf } from './answers.js';
import { coveredOf } from './coverage.js';
import { wantsLines } from './export.js';
import { At, Exported, Listed } from './questions.js';
import { reply } from './reply.js';
import * as s from './schemas.js';

/** A route of the index: what serves it and what documents it. */
export interface IndexRoute {
  readonly id: string;
  /** As OpenAPI writes it: parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly answer: z.ZodType;
  /** Whether the rows can be had as lines. */
  readonly lines: boolean;
  /** HTTP statuses of what may be wrong with the question. */
  readonly errors: readonly number[];
  handle(answers: IndexAnswers, request: Request, response: Response): Promise<void>;
}

interface Declared<P extends z.ZodObject, Q extends z.ZodObject> {
  readonly id: string;
  readonly path: string;
  readonly summary: string;
  readonly params: P;
  readonly query: Q;
  readonly errors?: readonly number[];
}

/** A route with one answer. */
export function single<P extends z.ZodObject, Q extends z.ZodObject, A extends z.ZodType>(
  route: Declared<P, Q> & {
    readonly answer: A;
    read(answers: IndexAnswers, params: z.output<P>, query: z.output<Q>): Promise<z.output<A>>;
  },
): IndexRoute {
  return {
    errors: [400, 404],
    ...route,
    lines: false,
    async handle(answers, request, response) {
      const value = await route.read(
        answers,
        ask(route.params, request.params),
        ask(route.query, request.query),
      );
      // What lacks contents now may have them later.
      const partial = typeof value === 'object' && value !== null && 'covered' in value && value.covered;
      reply(route.answer, request, response, value, request.query.at !== undefined && !partial);
    },
  };
}

/** How to read one page of a question that has been understood. */
type ReadPage<R> = (index: IndexReader, page: PageQuery) => Promise<Page<R>>;

/** Pages of one chain's rows, all of one view. */
export function pages<P extends z.ZodObject, Q extends z.ZodObject, R, V extends z.ZodType>(
  route: Declared<P, Q> & {
    readonly row: V;
    /** Whether rows come from contents of blocks, which may not be complete. */
    readonly contents: boolean;
    readonly lines?: boolean;
    read(chain: IndexedChain, params: z.output<P>, query: z.output<Q>): ReadPage<R>;
    view(chain: IndexedChain, row: R): z.output<V>;
  },
): IndexRoute {
  const { contents, lines = false } = route;
  const answer = z.object({
    view: s.View,
    ...(contents ? { covered: s.Covered } : {}),
    rows: z.array(route.row),
    next: s.Next,
  });
  return {
    errors: [400, 404],
    ...route,
    answer,
    lines,
    async handle(answers, request, response) {
      const many = lines && wantsLines(request);
      const chain = answers.chain(ask(ChainPath, request.params).chain);
      const { limit, cursor } = ask(many ? Exported : Listed, request.query);
      const at = ask(At, request.query);
      // The rest of the question has nothing to do with how many rows there may be.
      const query = ask(route.query, { ...request.query, limit: '1' });
      const read = route.read(chain, ask(route.params, request.params), query);
      const page = async (rows: number, from: string | undefined) => {
        const part = { limit: rows, ...defined(at), ...(from === undefined ? {} : { cursor: from }) };
        const found = await answers.ask((index) => read(index, part));
        const covered = contents ? coveredOf(await answers.coverage(chain.name)) : null;
        return {
          head: { view: viewOf(chain, found.view), ...(contents ? { covered } : {}) },
          rows: found.rows.map((row) => route.view(chain, row)),
          next: found.next ?? null,
          partial: covered !== null,
        };
      };
      if (many) return answers.exporter.send(response, { limit, cursor }, page);
      const { head, rows, next, partial } = await page(limit, cursor);
      const fixed = !partial && (at.at !== undefined || cursor !== undefined);
      reply(z.any(), request, response, { ...head, rows, next }, fixed);
    },
  };
}

/** Pages of records, all of one view. */
export function listing<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  R,
  V extends z.ZodType,
  W,
  A extends z.ZodType,
>(
  route: Declared<P, Q> & {
    readonly row: V;
    /** Which view they are read at. */
    readonly at: { readonly schema: A; readonly of: (view: W) => z.output<A> };
    read(
      answers: IndexAnswers,
      params: z.output<P>,
      query: z.output<Q>,
    ): (index: IndexReader, part: ListQuery) => Promise<Listing<R, W>>;
    view(answers: IndexAnswers, row: R, at: W): z.output<V>;
  },
): IndexRoute {
  const answer = z.object({ view: route.at.schema, rows: z.array(route.row), next: s.Next });
  return {
    errors: [400, 404],
    ...route,
    answer,
    lines: false,
    async handle(answers, request, response) {
      const params = ask(route.params, request.params);
      const read = route.read(answers, params, ask(route.query, request.query));
      const part = defined({ ...ask(Listed, request.query), ...ask(At, request.query) });
      const { view, rows, next } = await answers.ask((index) => read(index, part));
      const value = {
        view: route.at.of(view),
        rows: rows.map((row) => route.view(answers, row, view)),
        next: next ?? null,
      };
      reply(z.any(), request, response, value, part.at !== undefined || part.cursor !== undefined);
    },
  };
}

/** Without the fields that are `undefined`. */
function defined<T extends object>(fields: T): { [name in keyof T]: Exclude<T[name], undefined> } {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known) as { [name in keyof T]: Exclude<T[name], undefined> };
}
