export { freePorts, hold, release } from '../../devnet/ports.js';
