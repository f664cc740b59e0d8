/** What `predict` writes. */
export const outputFormats = ['csv', 'jsonl'] as const;
export type OutputFormat = (typeof outputFormats)[number];
