/** Kubernetes' words: one condition a type, `status` True or False, `reason` CamelCase. */
export interface Condition {
  readonly type: 'Accepted' | 'Captured' | 'Stored' | 'Verified' | 'Ready' | 'Failed' | 'Refused';
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  readonly at: string;
}

/** The same list with this condition in the place of the earlier one of its type. */
export const withCondition = (conditions: readonly Condition[], next: Condition): readonly Condition[] => [
  ...conditions.filter((condition) => condition.type !== next.type),
  next,
];
