import { getFromApi } from '../api.js';
import { print } from '../output.js';

interface Status {
  readonly main?: { readonly head?: unknown; readonly finalized?: unknown };
  readonly chains?: readonly Record<string, unknown>[];
}

/** What a running Crossroot says of itself. @throws ApiError */
export async function statusCommand(flags: { readonly json: boolean; readonly api: string }): Promise<void> {
  const status = JSON.parse(new TextDecoder().decode(await getFromApi(flags.api, '/v1/status'))) as Status;
  print(flags.json, status, statusLines(status));
}

function statusLines(value: unknown, indent = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${indent}${String(value)}`];
  return Object.entries(value).flatMap(([key, item]) =>
    typeof item === 'object' && item !== null
      ? [`${indent}${key}`, ...statusLines(item, `${indent}  `)]
      : [`${indent}${key.padEnd(14)} ${String(item)}`],
  );
}
