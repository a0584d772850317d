import { encodeJson } from './encode.js';
import { RpcCode, RpcError } from './errors.js';
import { Arguments, type RpcMethods } from './method.js';

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface Reply {
  readonly status: number;
  /** Absent for a notification of JSON-RPC 2.0. */
  readonly body: string | undefined;
}

/** Most calls that one batch may hold. */
export const MAX_BATCH = 1000;

/**
 * Answers the body of one HTTP request: a call or a batch. Statuses are Bitcoin Core's: 200 for every batch and for
 * JSON-RPC 2.0; else 500 for an error, 404 for an unknown method, 400 for what is not a request.
 */
export async function handleBody(methods: RpcMethods, body: string): Promise<HttpAnswer> {
  let request: unknown;
  try {
    request = JSON.parse(body);
  } catch {
    return { status: 500, body: failure(null, RpcCode.parse, 'Parse error') };
  }
  if (!Array.isArray(request)) {
    const { status, body: text } = await handleCall(methods, request);
    return text === undefined ? { status: 204, body: '' } : { status, body: text };
  }
  if (request.length > MAX_BATCH)
    return {
      status: 400,
      body: failure(null, RpcCode.invalidRequest, `More than ${MAX_BATCH} calls in a batch`),
    };
  const replies: string[] = [];
  for (const call of request as unknown[]) {
    const reply = (await handleCall(methods, call)).body;
    if (reply !== undefined) replies.push(reply);
  }
  if (replies.length === 0 && request.length > 0) return { status: 204, body: '' };
  return { status: 200, body: `[${replies.join(',')}]\n` };
}

async function handleCall(methods: RpcMethods, call: unknown): Promise<Reply> {
  if (typeof call !== 'object' || call === null || Array.isArray(call))
    return { status: 400, body: failure(null, RpcCode.invalidRequest, 'Invalid Request object') };
  const { id, method, params, jsonrpc } = call as Record<string, unknown>;
  const modern = jsonrpc === '2.0';
  const silent = modern && id === undefined;
  try {
    if (typeof method !== 'string')
      throw new RpcError(
        RpcCode.invalidRequest,
        method === undefined ? 'Missing method' : 'Method must be a string',
      );
    const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (found === undefined) throw new RpcError(RpcCode.methodNotFound, 'Method not found');
    const result = (await found.call(Arguments.of(method, found.params, params))) ?? null;
    const text = modern
      ? encodeJson({ jsonrpc: '2.0', result, id })
      : encodeJson({ result, error: null, id: id ?? null });
    return { status: 200, body: silent ? undefined : `${text}\n` };
  } catch (error) {
    const code = error instanceof RpcError ? error.code : RpcCode.internal;
    const message = error instanceof Error ? error.message : String(error);
    return {
      status: modern ? 200 : statusOf(code),
      body: silent ? undefined : failure(id, code, message, modern),
    };
  }
}

function statusOf(code: number): number {
  if (code === RpcCode.invalidRequest) return 400;
  return code === RpcCode.methodNotFound ? 404 : 500;
}

function failure(id: unknown, code: number, message: string, modern = false): string {
  const error = { code, message };
  const reply = modern ? { jsonrpc: '2.0', error, id: id ?? null } : { result: null, error, id: id ?? null };
  return `${encodeJson(reply)}\n`;
}
