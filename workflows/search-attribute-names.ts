/** Search attributes by which runs are found, with their types. */
export const searchAttributeTypes = {
  FoldwisePipeline: 'Keyword',
  FoldwiseState: 'Keyword',
  FoldwiseMacroF1: 'Double',
} as const;

export const searchAttributeNames = Object.keys(searchAttributeTypes);
