import { ApiError } from './errors.js';

/** Largest answer read, in bytes. */
const MAX_ANSWER = 2 ** 25;

/** GETs from the API. @throws ApiError with the API's own message */
export async function getFromApi(api: string, path: string): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(new URL(path, api), { signal: AbortSignal.timeout(60_000) });
  } catch (error) {
    throw new ApiError(
      `nothing answers at ${api}`,
      undefined,
      true,
      'Start it with: npx crossroot up',
      error,
    );
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length > MAX_ANSWER)
    throw new ApiError(`the answer of ${api} is larger than ${MAX_ANSWER} bytes`, response.status, false);
  if (response.ok) return bytes;
  throw errorOf(response.status, new TextDecoder().decode(bytes));
}

function errorOf(status: number, text: string): ApiError {
  try {
    const { error } = JSON.parse(text) as {
      error?: { message?: string; retryable?: boolean; hint?: string };
    };
    return new ApiError(
      error?.message ?? `the API answered ${status}`,
      status,
      error?.retryable ?? false,
      error?.hint,
    );
  } catch (error) {
    if (error instanceof SyntaxError)
      return new ApiError(`the API answered ${status}`, status, status >= 500, undefined, error);
    throw error;
  }
}
