/** The topics of Stasis and what keys them. Partition counts and retention come from configuration (see `topicSpecs`). */
export const topics = {
  /** Requests to nodes: key = node, partition = the one the node recorded in `node.joined`. */
  requests: 'stasis.requests',
  /** Facts from nodes: key = subject of the fact (checkpoint id, restore id, container). */
  facts: 'stasis.facts',
  /** Every recorded event, in order of position per subject. */
  ledger: 'stasis.ledger',
  /** Signs of life of agents; never in the ledger. Key = node. */
  heartbeats: 'stasis.heartbeats',
} as const;
