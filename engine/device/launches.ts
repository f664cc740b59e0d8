/** Operators that give what they take in another shape: no kernel runs for them. */
const withoutKernel = new Set(['Reshape', 'Squeeze', 'Unsqueeze']);

/**
 * Kernels that a session's nodes launch on a device, at least one each: a node of many inputs may take several.
 *
 * @param nodes how many, by operator (`Session.nodes`)
 */
export function launchesOf(nodes: ReadonlyMap<string, number>): number {
  return [...nodes].reduce((sum, [operator, count]) => sum + (withoutKernel.has(operator) ? 0 : count), 0);
}
