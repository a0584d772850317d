import { startNode } from '../roles/node.js';
import { runChild } from './child.js';
import type { NodeInit } from './messages.js';

runChild<NodeInit>((init, log) => startNode(init, log));
