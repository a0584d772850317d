import { questionTargets } from './questionTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('questions', questionTargets);
