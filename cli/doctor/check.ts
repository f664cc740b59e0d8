/** One thing looked at: what was found, and what to do where it is not as it should be. */
export interface Check {
  readonly name: string;
  /** `missing` keeps foldwise from working; `note` only limits it. */
  readonly state: 'fine' | 'note' | 'missing';
  readonly found: string;
  readonly remedy?: string;
}
