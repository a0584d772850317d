import { isBusy, type RpcRefusal } from './refusals.js';

/** A call as it is sent. */
interface Call {
  readonly id: number;
}
interface Answer {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** HTTP: too many requests, service unavailable. Their `Retry-After` is the caller's to keep to. */
const BUSY_STATUS = new Set([429, 503]);
/** HTTP statuses that may mean the size or form of a request: bad request, not acceptable, content too large, and the like. */
const TOO_MUCH_STATUS = new Set([400, 405, 406, 411, 413, 414, 415, 422, 431, 501]);

/**
 * `fetch` for batches of JSON-RPC calls, which does what nodes differ in: a lone call is sent by itself; a batch that a node refuses, or
 * does not answer whole, is cut in halves, and from then on no batch is larger than what the node took. What comes back is always a list
 * with an answer to each call, or what the node said instead.
 * @param inner takes and gives text
 */
export function batchingFetch(inner: typeof fetch): typeof fetch {
  /** Most calls that the node takes at once. */
  let most = Number.POSITIVE_INFINITY;
  return async (input, init) => {
    const calls = JSON.parse(String(init?.body)) as readonly Call[];
    const answers: Answer[] = [];
    for (let from = 0; from < calls.length; ) {
      const some = calls.slice(from, from + most);
      const body = JSON.stringify(some.length === 1 ? some[0] : some);
      const response = await inner(input, { ...init, body });
      const { status, ok } = response;
      // Without the body, in which an error would hide the status and its pause.
      if (BUSY_STATUS.has(status)) return again(response, '{}');
      const text = await response.text();
      if (calls.length === 1 && ok && text.trimStart().startsWith('{')) return again(response, `[${text}]`);
      const json = parsed(text);
      const given = answersTo(some, json);
      if (given !== undefined) {
        if (some.length === calls.length && ok && Array.isArray(json)) return again(response, text);
        answers.push(...given);
        from += some.length;
        continue;
      }
      const error = errorOf(json);
      // What is no JSON at all, a page of something between us and the node for one, says nothing of sizes.
      const mayBeTooMuch = ok ? json !== undefined : TOO_MUCH_STATUS.has(status);
      if (some.length > 1 && mayBeTooMuch && !(error !== undefined && isBusy(error))) {
        // Another request may have learned of a smaller one meanwhile.
        most = Math.min(most, Math.floor(some.length / 2));
        continue;
      }
      if (error === undefined) {
        if (ok) throw new Error('the answer is no JSON-RPC');
        return again(response, text);
      }
      // Said of all of them at once.
      answers.push(...some.map(({ id }) => ({ id, error })));
      from += some.length;
    }
    return new Response(JSON.stringify(answers), { headers: { 'content-type': 'application/json' } });
  };
}

/** An answer to each call, in their order; `undefined` where one is missing, or there are others. */
function answersTo(calls: readonly Call[], json: unknown): Answer[] | undefined {
  const list = Array.isArray(json) ? json : [json];
  if (list.length !== calls.length) return undefined;
  const byId = new Map<unknown, Answer>();
  for (const one of list) if (isAnswer(one)) byId.set(one.id, one);
  const answers = calls.flatMap(({ id }) => byId.get(id) ?? []);
  return answers.length === calls.length ? answers : undefined;
}

function isAnswer(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && ('result' in value || errorOf(value) !== undefined);
}

/** The one error in an answer, which may stand in a list by itself. */
function errorOf(json: unknown): RpcRefusal | undefined {
  const only: unknown = Array.isArray(json) && json.length === 1 ? json[0] : json;
  if (typeof only !== 'object' || only === null || !('error' in only)) return undefined;
  const { error } = only;
  if (typeof error !== 'object' || error === null || !('code' in error) || !('message' in error))
    return undefined;
  const { code, message } = error;
  return typeof code === 'number' && typeof message === 'string' ? { code, message } : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function again({ status, statusText, headers }: Response, text: string): Response {
  return new Response(text, { status, statusText, headers });
}
