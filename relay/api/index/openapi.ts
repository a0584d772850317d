import * as z from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponseObject } from 'zod-openapi';
import { NDJSON } from './export.js';
import type { IndexRoute } from './route.js';
import { indexRouteList } from './routes.js';

/** How an operation is documented, the errors that every one may have included. */
type Operation = (
  id: string,
  summary: string,
  content: ZodOpenApiResponseObject['content'],
  errors: readonly number[],
  more?: Partial<ZodOpenApiOperationObject>,
) => ZodOpenApiOperationObject;

const LINES =
  'With `Accept: application/x-ndjson`: one JSON value a line. The first is the view, then `limit` rows at most (up to a million), and at last `{"end":{"rows":…,"next":…}}`, or `{"error":…}`; a file without either is not whole.';

function documented(route: IndexRoute, operation: Operation): ZodOpenApiOperationObject {
  const content = {
    'application/json': { schema: route.answer },
    ...(route.lines ? { [NDJSON]: { schema: z.string().meta({ description: LINES }) } } : {}),
  };
  const names = { path: route.params, query: route.query };
  const used = Object.entries(names).filter(([, schema]) => Object.keys(schema.shape).length > 0);
  return operation(route.id, route.summary, content, route.errors, {
    tags: ['index'],
    ...(route.lines ? { description: LINES } : {}),
    requestParams: Object.fromEntries(used),
  });
}

/** The routes of the index as OpenAPI paths. */
export function indexPaths(operation: Operation): ZodOpenApiPathsObject {
  return Object.fromEntries(
    indexRouteList.map((route) => [route.path, { get: documented(route, operation) }]),
  );
}
