/** Who causes an event, in the words of CloudEvents' auth context; `authid` is opaque and never a name. */
export interface Actor {
  readonly authtype: 'user' | 'service_account' | 'system';
  readonly authid: string;
}

/** Stasis itself: deadlines, lost nodes. */
export const recorder: Actor = { authtype: 'system', authid: 'recorder' };
