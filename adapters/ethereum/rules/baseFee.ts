import type { EthereumHeader } from './header.js';

/** EIP-1559 */
const INITIAL_BASE_FEE = 1_000_000_000n;
const ELASTICITY = 2n;
const MAX_CHANGE_DENOMINATOR = 8n;

/** The base fee in wei that the block after `parent` must have (EIP-1559; go-ethereum `consensus/misc/eip1559`). */
export function nextBaseFee(parent: EthereumHeader): bigint {
  const before = parent.baseFeePerGas;
  if (before === undefined) return INITIAL_BASE_FEE;
  const target = parent.gasLimit / ELASTICITY;
  if (target === 0n || parent.gasUsed === target) return before;
  if (parent.gasUsed > target) {
    const rise = (before * (parent.gasUsed - target)) / target / MAX_CHANGE_DENOMINATOR;
    return before + (rise > 0n ? rise : 1n);
  }
  const fall = (before * (target - parent.gasUsed)) / target / MAX_CHANGE_DENOMINATOR;
  return before > fall ? before - fall : 0n;
}
