import { indexTargets } from './indexTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('index', indexTargets);
