import { Router } from 'express';
import type { IndexAnswers } from './answers.js';
import { contentRoutes } from './contentRoutes.js';
import { headerRoutes } from './headerRoutes.js';
import { overviewRoute } from './overview.js';
import { recordRoutes } from './recordRoutes.js';
import type { IndexRoute } from './route.js';
import { searchRoute } from './search.js';

/** Every route of the index. What serves them and what documents them reads this one list. */
export const indexRouteList: readonly IndexRoute[] = [
  overviewRoute,
  ...headerRoutes,
  ...contentRoutes,
  searchRoute,
  ...recordRoutes,
];

export function indexRoutes(answers: IndexAnswers): Router {
  const router = Router();
  for (const route of indexRouteList) {
    router.get(route.path.replace(/\{(\w+)\}/g, ':$1'), (request, response) =>
      route.handle(answers, request, response),
    );
  }
  return router;
}
