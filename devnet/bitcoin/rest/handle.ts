import { concatBytes, fromHex, reversed, toBareHex, utf8 } from '../../../proofs/bytes.js';
import type { BlockEntry } from '../blockIndex.js';
import { encodeJson } from '../rpc/encode.js';
import { RpcError } from '../rpc/errors.js';
import { headerJson, transactionJson } from '../rpc/format.js';
import { Arguments, type RpcMethods } from '../rpc/method.js';
import { type ChainView, isActive } from '../view.js';
import { displayId } from '../wallet.js';

/** An HTTP answer. */
export interface RestAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: Uint8Array;
}

/** Bitcoin Core `MAX_REST_HEADERS_RESULTS`. */
const MAX_HEADERS = 2000;

class RestError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

type Format = 'bin' | 'hex' | 'json';

/** Answers a GET request as Bitcoin Core's `src/rest.cpp` does. @param target path and query, such as `/rest/chaininfo.json` */
export function answerRest(view: ChainView, methods: RpcMethods, target: string): RestAnswer {
  const [path = '', query = ''] = target.split('?', 2);
  try {
    const match = /^\/rest\/(.+)\.(bin|hex|json)$/.exec(path);
    if (match === null) throw new RestError(404, 'output format not found (available: .bin, .hex, .json)');
    const [, name = '', format] = match;
    return route(view, methods, name.split('/'), new URLSearchParams(query), format as Format);
  } catch (error) {
    if (error instanceof RestError)
      return { status: error.status, type: 'text/plain', body: utf8(`${error.message}\r\n`) };
    if (error instanceof RpcError)
      return { status: 404, type: 'text/plain', body: utf8(`${error.message}\r\n`) };
    throw error;
  }
}

function route(
  view: ChainView,
  methods: RpcMethods,
  path: readonly string[],
  query: URLSearchParams,
  format: Format,
): RestAnswer {
  const [name, first = '', second] = path;
  const call = (method: string, ...values: unknown[]) => {
    const found = methods[method];
    return found?.call(Arguments.of(method, found.params, values));
  };
  if (name === 'chaininfo' && path.length === 1) return jsonOnly(format, call('getblockchaininfo'));
  if (name === 'headers' && path.length === 2) return headers(view, query.get('count') ?? '5', first, format);
  if (name === 'headers' && path.length === 3) return headers(view, first, second ?? '', format);
  if (name === 'blockhashbyheight' && path.length === 2) return hashAt(view, first, format);
  if (name === 'block' && path.length === 2) {
    const entry = blockOf(view, first);
    return answer(format, view.rawBlock(entry), () => call('getblock', first, 2));
  }
  if (name === 'block' && first === 'notxdetails' && path.length === 3) {
    const entry = blockOf(view, second ?? '');
    return answer(format, view.rawBlock(entry), () => call('getblock', second, 1));
  }
  if (name === 'tx' && path.length === 2) return transaction(view, first, format);
  throw new RestError(404, 'not found');
}

function headers(view: ChainView, countText: string, id: string, format: Format): RestAnswer {
  const count = /^\d{1,9}$/.test(countText) ? Number(countText) : 0;
  if (count < 1 || count > MAX_HEADERS)
    throw new RestError(
      400,
      `Header count is invalid or out of acceptable range (1-2000): ${countText.slice(0, 20)}`,
    );
  const first = view.entry(keyOf(id));
  const found: BlockEntry[] = [];
  for (
    let at = first;
    at !== undefined && found.length < count && isActive(view, at);
    at = view.entryAt(at.height + 1)
  )
    found.push(at);
  return answer(format, concatBytes(...found.map(({ header }) => header)), () =>
    found.map((entry) => headerJson(view, entry)),
  );
}

function hashAt(view: ChainView, text: string, format: Format): RestAnswer {
  if (!/^\d{1,9}$/.test(text)) throw new RestError(400, `Invalid height: ${text.slice(0, 20)}`);
  const entry = view.entryAt(Number(text));
  if (entry === undefined) throw new RestError(404, 'Block height out of range');
  const id = displayId(entry.key);
  if (format === 'hex') return { status: 200, type: 'text/plain', body: utf8(`${id}\n`) };
  return answer(format, entry.hash, () => ({ blockhash: id }));
}

function transaction(view: ChainView, id: string, format: Format): RestAnswer {
  const found = view.transaction(keyOf(id));
  if (found === undefined) throw new RestError(404, `${id} not found`);
  return answer(format, found.transaction.tx.toBuffer(), () => ({
    ...transactionJson(view, found.transaction),
    blockhash: displayId(found.entry.key),
  }));
}

function blockOf(view: ChainView, id: string): BlockEntry {
  const entry = view.entry(keyOf(id));
  if (entry === undefined) throw new RestError(404, `${id} not found`);
  return entry;
}

/** A hash in display order, as hex in internal order. */
function keyOf(id: string): string {
  if (!/^[0-9a-fA-F]{64}$/.test(id)) throw new RestError(400, `Invalid hash: ${id.slice(0, 80)}`);
  return toBareHex(reversed(fromHex(id, 'hash', 32)));
}

function jsonOnly(format: Format, value: unknown): RestAnswer {
  if (format !== 'json') throw new RestError(404, 'output format not found (available: json)');
  return { status: 200, type: 'application/json', body: utf8(`${encodeJson(value)}\n`) };
}

function answer(format: Format, bytes: Uint8Array, json: () => unknown): RestAnswer {
  if (format === 'json') return jsonOnly(format, json());
  if (format === 'hex') return { status: 200, type: 'text/plain', body: utf8(`${toBareHex(bytes)}\n`) };
  return { status: 200, type: 'application/octet-stream', body: bytes };
}
