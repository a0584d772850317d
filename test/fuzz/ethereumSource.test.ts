import { ethereumSourceTargets } from './ethereumSourceTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('Ethereum sources', ethereumSourceTargets);
