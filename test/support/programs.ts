export { findProgram } from '../../devnet/programs.js';
