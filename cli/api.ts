import { concatBytes } from '../proofs/bytes.js';
import { ApiError, UsageError } from './errors.js';
import { DEFAULT_API } from './options.js';

/** Largest answer read, in bytes. */
const MAX_ANSWER = 2 ** 25;

/** GETs from the API. @throws UsageError if `api` is no URL; ApiError with the API's own message */
export async function getFromApi(api: string, path: string): Promise<Uint8Array> {
  const url = urlOf(api, path);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(60_000) });
    const bytes = await read(api, response);
    if (response.ok) return bytes;
    throw errorOf(api, response.status, new TextDecoder().decode(bytes));
  } catch (error) {
    if (error instanceof ApiError) throw error;
    const late = error instanceof Error && error.name === 'TimeoutError';
    throw new ApiError(
      late ? `${api} gave no answer within a minute` : `nothing answers at ${api}`,
      undefined,
      true,
      late ? undefined : 'Start it with: npx crossroot up (or name another address with --api)',
      error,
    );
  }
}

/** @throws UsageError */
function urlOf(api: string, path: string): URL {
  const url = URL.canParse(path, api) ? new URL(path, api) : undefined;
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url;
  throw new UsageError(`--api ${api}: is no http or https URL, such as ${DEFAULT_API}`);
}

/** @throws ApiError as soon as there is more than the limit */
async function read(api: string, response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    const bytes: Uint8Array = chunk;
    length += bytes.length;
    if (length > MAX_ANSWER)
      throw new ApiError(`the answer of ${api} is larger than ${MAX_ANSWER} bytes`, response.status, false);
    chunks.push(bytes);
  }
  return concatBytes(...chunks);
}

/** The API's own error; anything else that answers is not the API. */
function errorOf(api: string, status: number, text: string): ApiError {
  const { name, message, retryable, hint } = ownError(text);
  if (typeof name === 'string' && typeof message === 'string')
    return new ApiError(message, status, retryable === true, typeof hint === 'string' ? hint : undefined);
  const other = `${api} answers HTTP ${status}, and not as Crossroot's API does`;
  return new ApiError(
    other,
    status,
    status >= 500,
    `The API is at ${DEFAULT_API} unless configured otherwise.`,
  );
}

function ownError(text: string): Readonly<Record<string, unknown>> {
  try {
    const answer = JSON.parse(text) as { readonly error?: unknown } | null;
    const error = answer?.error;
    return typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
