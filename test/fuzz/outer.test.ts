import { clickhouseTargets } from './clickhouseTargets.js';
import { kafkaTargets } from './kafkaTargets.js';
import { outerTargets } from './outerTargets.js';
import { fuzzSuite } from './suite.js';

fuzzSuite('outer', [...outerTargets, ...kafkaTargets, ...clickhouseTargets]);
