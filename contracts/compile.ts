import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CrossrootError } from '../proofs/errors/base.js';

/** The compiler refused the source. */
export class CompileError extends CrossrootError {
  override readonly name = 'CompileError';
}

/** Settings that the committed bytecode was made with. No metadata hash: the bytecode depends on code alone. */
export const COMPILER_SETTINGS = {
  optimizer: { enabled: true, runs: 200 },
  evmVersion: 'paris',
  metadata: { bytecodeHash: 'none', appendCBOR: false },
} as const;

export interface Compiled {
  /** Full version of the compiler. */
  readonly compiler: string;
  readonly abi: readonly unknown[];
  readonly bytecode: `0x${string}`;
}

interface Solc {
  version(): string;
  compile(input: string): string;
}

interface Output {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[];
  readonly contracts?: Record<
    string,
    Record<string, { abi: unknown[]; evm: { bytecode: { object: string } } }>
  >;
}

/** Compiles `contracts/PaymentLog.sol` with the development dependency `solc`. @throws CompileError */
export function compilePaymentLog(): Compiled {
  const solc = createRequire(import.meta.url)('solc') as Solc;
  const content = readFileSync(new URL('./PaymentLog.sol', import.meta.url), 'utf8');
  const input = {
    language: 'Solidity',
    sources: { 'PaymentLog.sol': { content } },
    settings: { ...COMPILER_SETTINGS, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output;
  const problem = output.errors?.find(({ severity }) => severity === 'error');
  if (problem !== undefined) throw new CompileError(problem.formattedMessage);
  const contract = output.contracts?.['PaymentLog.sol']?.PaymentLog;
  if (contract === undefined) throw new CompileError('the compiler gave no contract');
  return { compiler: solc.version(), abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` };
}

/** The generated TypeScript file. */
export function renderArtifact({ compiler, abi, bytecode }: Compiled): string {
  return `// Generated from PaymentLog.sol by contracts/compile.ts: solc ${compiler},
// optimizer ${COMPILER_SETTINGS.optimizer.runs} runs, evmVersion ${COMPILER_SETTINGS.evmVersion}, no metadata. Do not edit.

export const PAYMENT_LOG_COMPILER = ${JSON.stringify(compiler)};

export const PAYMENT_LOG_ABI = ${JSON.stringify(abi, null, 2)} as const;

export const PAYMENT_LOG_BYTECODE =
  ${JSON.stringify(bytecode)};
`;
}
