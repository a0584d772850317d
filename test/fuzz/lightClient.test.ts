import { lightClientTargets } from './lightClientTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('light client', lightClientTargets);
