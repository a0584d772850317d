import { concatBytes } from '../../../proofs/bytes.js';
import { LimitExceededError } from '../../../proofs/errors/input.js';
import type { ClockSkew } from '../../clock.js';

/**
 * `fetch` that reads the whole answer before it returns, so that the caller's abort signal covers the body too, and
 * gives up on more than `maxBytes`. `clock` hears of the server's. @throws LimitExceededError
 */
export function boundedFetch(maxBytes: number, clock: ClockSkew): typeof fetch {
  return async (input, init) => {
    const sent = Date.now();
    const response = await fetch(input, init);
    clock.observeHttp(response.headers, sent, Date.now());
    const { body, status, statusText, headers } = response;
    const parts: Uint8Array[] = [];
    let size = 0;
    // Leaving the loop by an error cancels the rest of the answer.
    for await (const part of body ?? []) {
      size += part.length;
      if (size > maxBytes) throw new LimitExceededError('answer in bytes', size, maxBytes);
      parts.push(part);
    }
    return new Response(concatBytes(...parts) as Uint8Array<ArrayBuffer>, { status, statusText, headers });
  };
}
