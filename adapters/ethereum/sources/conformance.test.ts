import { ethereumSourceSuite } from '../../../test/conformance/ethereumSource.js';
import { anvilNode } from '../../../test/support/ethereumNodes.js';

ethereumSourceSuite('anvil', anvilNode);
