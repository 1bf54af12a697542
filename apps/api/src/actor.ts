/** Who causes an event, in the words of CloudEvents' auth context; `authid` is opaque and never a name. */
export interface Actor {
  readonly authtype: 'user' | 'service_account' | 'system' | 'unauthenticated';
  readonly authid: string;
  /** The policies that allowed what it does; absent for Stasis itself. */
  readonly policyid?: string;
}

/** Stasis itself: deadlines, lost nodes. */
export const recorder: Actor = { authtype: 'system', authid: 'recorder' };
