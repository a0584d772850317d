import { startAllInOne } from '../roles/allInOne.js';
import { runChild, send } from './child.js';
import type { RelayInit } from './messages.js';

runChild<RelayInit>((init, log) =>
  startAllInOne({ ...init, onEvent: (event) => send({ type: 'event', event }) }, log),
);
