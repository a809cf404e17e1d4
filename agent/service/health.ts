/** Is the agent alive (else restart it), and is it doing its job (else look at why)? */
export interface Health {
  /** Data flows through the pipeline, or the device is known to be absent. */
  alive: boolean;
  /** A model is loaded, the device sends and predictions come out. */
  ready: boolean;
  reasons: string[];
}

export interface HealthFacts {
  /** From the watchdog; undefined when all is well. */
  stall: string | undefined;
  modelLoaded: boolean;
  deviceAbsent: boolean;
  brokerConnected: boolean;
}

/** The broker is not part of readiness: predictions are kept in the outbox and shown on the dashboard without it. */
export function judgeHealth(facts: HealthFacts): Health {
  const reasons: string[] = [];
  if (facts.stall) reasons.push(facts.stall);
  if (!facts.modelLoaded) reasons.push('no model is loaded');
  if (facts.deviceAbsent) reasons.push('the device is absent');
  if (!facts.brokerConnected) reasons.push('the broker is not reached');
  return {
    alive: !facts.stall,
    ready: facts.modelLoaded && !facts.deviceAbsent && !facts.stall,
    reasons,
  };
}
