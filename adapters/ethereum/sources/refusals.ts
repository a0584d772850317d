/** A JSON-RPC error. */
export interface RpcRefusal {
  readonly code: number;
  readonly message: string;
}

/** Method not found (JSON-RPC 2.0, 5.1); method not supported (EIP-1474). */
const UNSUPPORTED = new Set([-32601, -32004]);
/** Limit exceeded (EIP-1474), and the HTTP status that some providers give as a code. */
const BUSY = new Set([-32005, 429]);
/** What providers with codes of their own say in words. */
const BUSY_WORDS = /too many requests|rate.?limit|request (rate|limit|count)|(requests?|units) per second/i;

/** Whether a node asks to be left alone for a while. */
export function isBusy({ code, message }: RpcRefusal): boolean {
  return BUSY.has(code) || BUSY_WORDS.test(message);
}

/** Whether a node says that it does not have a method, in one of the ways in which they do. */
export function isUnsupported({ code, message }: RpcRefusal): boolean {
  return (
    UNSUPPORTED.has(code) ||
    /method.{0,80}(not found|does not exist|not (supported|available|allowed|whitelisted))|unsupported method/i.test(
      message,
    )
  );
}
