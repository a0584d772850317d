import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** Everything `/metrics` shows. One set a service, so that several can live in one process. */
export function relayMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    height: new Gauge({
      name: 'crossroot_chain_height',
      help: 'Foreign height by stage: source (local best tip), accepted (main chain best branch), committed, finalized',
      labelNames: ['chain', 'stage'] as const,
      registers,
    }),
    lag: new Gauge({
      name: 'crossroot_chain_lag_blocks',
      help: 'Foreign blocks from the local best tip down to the newest committed one',
      labelNames: ['chain'] as const,
      registers,
    }),
    paused: new Gauge({
      name: 'crossroot_chain_paused',
      help: '1 while the main chain has the chain paused',
      labelNames: ['chain'] as const,
      registers,
    }),
    sourceUp: new Gauge({
      name: 'crossroot_source_up',
      help: '1 while the chain has a source that answers',
      labelNames: ['chain'] as const,
      registers,
    }),
    sourceScore: new Gauge({
      name: 'crossroot_source_score',
      help: 'Health of each source, 0 to 100: faults, failures, being behind and latency lower it',
      labelNames: ['chain', 'source'] as const,
      registers,
    }),
    lightClientSlot: new Gauge({
      name: 'crossroot_light_client_slot',
      help: 'Newest beacon slot that the light client has verified: finalized, optimistic',
      labelNames: ['chain', 'stage'] as const,
      registers,
    }),
    lightClientPeriod: new Gauge({
      name: 'crossroot_light_client_period',
      help: 'Sync committee periods: known (newest whose committee is known), target (of the newest catch-up)',
      labelNames: ['chain', 'stage'] as const,
      registers,
    }),
    finalityAge: new Gauge({
      name: 'crossroot_light_client_finality_age_seconds',
      help: 'Age of the newest finalized beacon block',
      labelNames: ['chain'] as const,
      registers,
    }),
    finalityStalled: new Gauge({
      name: 'crossroot_light_client_stalled',
      help: '1 while nothing newer becomes final: the chain does not finalize, or every source withholds it',
      labelNames: ['chain'] as const,
      registers,
    }),
    mainHeight: new Gauge({
      name: 'crossroot_main_height',
      help: 'Main-chain height by stage: head, justified, finalized',
      labelNames: ['stage'] as const,
      registers,
    }),
    nodeUp: new Gauge({
      name: 'crossroot_main_node_up',
      help: '1 while the main-chain node answers here and is of the trusted main chain',
      labelNames: ['node'] as const,
      registers,
    }),
    nodeHeight: new Gauge({
      name: 'crossroot_main_node_finalized_height',
      help: 'Newest final block of each main-chain node, as it says itself',
      labelNames: ['node'] as const,
      registers,
    }),
    submissions: new Counter({
      name: 'crossroot_submissions_total',
      help: 'Calls that the main chain applied',
      labelNames: ['chain', 'what'] as const,
      registers,
    }),
    expired: new Counter({
      name: 'crossroot_expired_transactions_total',
      help: 'Transactions that no block took until their mark expired; each is built again with twice the fee',
      registers,
    }),
    headers: new Counter({
      name: 'crossroot_submitted_headers_total',
      help: 'Foreign headers in applied calls',
      labelNames: ['chain'] as const,
      registers,
    }),
    retries: new Counter({
      name: 'crossroot_retries_total',
      help: 'Steps that failed and will be tried again',
      labelNames: ['chain'] as const,
      registers,
    }),
    errors: new Counter({
      name: 'crossroot_errors_total',
      help: 'Errors by class',
      labelNames: ['chain', 'class'] as const,
      registers,
    }),
    balance: new Gauge({
      name: 'crossroot_operator_balance',
      help: 'Balance of the operator account',
      registers,
    }),
    lowBalance: new Gauge({
      name: 'crossroot_operator_balance_low',
      help: '1 while the balance is below the warning level',
      registers,
    }),
    submitting: new Gauge({
      name: 'crossroot_submitting',
      help: '1 while this process submits for the chain, 0 while another one does',
      labelNames: ['chain'] as const,
      registers,
    }),
    proofSeconds: new Histogram({
      name: 'crossroot_proof_build_seconds',
      help: 'Time to build and check a proof',
      labelNames: ['kind'] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    }),
    http: new Histogram({
      name: 'crossroot_http_request_seconds',
      help: 'HTTP requests by route and status',
      labelNames: ['method', 'route', 'status'] as const,
      buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5],
      registers,
    }),
  };
}
export type RelayMetrics = ReturnType<typeof relayMetrics>;
