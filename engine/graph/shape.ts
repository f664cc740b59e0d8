/** One axis: a fixed size, or the name of a size that is known when the graph runs. */
export type Dim = number | string;

export type Shape = readonly Dim[];

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** NumPy's broadcasting over fixed and named sizes; a named size equals only itself. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const dims: Dim[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new TypeError(`shapes ${showShape(a)} and ${showShape(b)} do not broadcast`);
    }
    dims.push(left === 1 ? right : left);
  }
  return dims;
}

/** Axes of `from` that were broadcast to get there from `to`: those to sum over on the way back. */
export function broadcastAxes(from: Shape, to: Shape): number[] {
  const offset = from.length - to.length;
  return from.flatMap((dim, axis) => (axis < offset || (to[axis - offset] === 1 && dim !== 1) ? [axis] : []));
}

/** A size that is so many times another. */
export function times(dim: Dim, factor: number): Dim {
  return typeof dim === 'number' ? dim * factor : `${factor}·${dim}`;
}

/** The extent of a size, by those of the named ones; undefined where it is not given. */
export function extentOf(dim: Dim, sizes: Readonly<Record<string, number>>): number | undefined {
  if (typeof dim === 'number') return dim;
  const [, factor, name] = /^(\d+)·(.*)$/u.exec(dim) ?? [null, '1', dim];
  const size = sizes[name];
  return size === undefined ? undefined : Number(factor) * size;
}
