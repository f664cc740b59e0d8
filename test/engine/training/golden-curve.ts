/** The class of a text is the number of its labels, as the generators have it. */
export function oneHot(labels: readonly (readonly number[])[]): number[][] {
  const ones = (row: readonly number[]): number => row.reduce((sum, label) => sum + label, 0);
  return labels.map((row) => row.map((_, index) => Number(ones(row) % row.length === index)));
}

export function distanceOf(a: Float32Array, b: Float32Array): number {
  return Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]!) ** 2, 0));
}
