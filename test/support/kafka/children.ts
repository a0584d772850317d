export { endWithUs } from '../../../devnet/endWithUs.js';
