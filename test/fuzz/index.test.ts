import { indexTargets } from './indexTargets.js';
import { storeTargets } from './storeTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('index', [...indexTargets, ...storeTargets]);
