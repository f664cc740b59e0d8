/** What a workflow made for people is filed under: a run's, or a scoring's. */
export type ResultKind = 'runs' | 'scores';

/** Names of people have blanks, which those of objects have not. */
export function segmentOf(name: string): string {
  return name.replaceAll('_', '__').replaceAll(' ', '_-');
}

export function nameOfSegment(segment: string): string {
  return segment.replaceAll(/__|_-/g, (pair) => (pair === '__' ? '_' : ' '));
}
