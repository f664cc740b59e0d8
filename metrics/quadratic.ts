/** Most steps of the interior-point method; some twenty are taken. */
const mostSteps = 100;
/** The duality gap per unknown at which it ends. */
const tolerance = 1e-12;
/** Of the duality gap, what each step aims at. */
const centring = 0.1;
/** Of the way to the boundary, what a step may take. */
const ofTheWay = 0.99;
/** Added to the diagonal, relative to its mean: equal columns leave the matrix singular. */
const ridge = 1e-9;

/**
 * The x ≥ 0 with the least ½ xᵀHx − bᵀx, by a primal-dual interior-point method (Nocedal and Wright,
 * "Numerical optimization", 2006, chapter 16.6). Unknowns that are told apart by nothing come out equal.
 *
 * @param hessian `[n, n]`, symmetric and positive semidefinite
 */
export function minimiseNonNegative(hessian: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const least = ridge * (trace(hessian, n) / n);
  let x = new Float64Array(n).fill(1 / n);
  let z = new Float64Array(n).fill(1);
  for (let step = 0; step < mostSteps; step++) {
    const gap = x.reduce((sum, value, i) => sum + value * z[i]!, 0) / n;
    const gradient = times(hessian, x).map((value, i) => value - b[i]!);
    const residual = gradient.reduce((most, value, i) => Math.max(most, Math.abs(value - z[i]!)), 0);
    if (gap < tolerance && residual < tolerance) break;
    const aim = centring * gap;
    // Of Hx − b = z and x z = aim, linearised: (H + diag(z / x)) dx = aim / x − (Hx − b).
    const matrix = hessian.slice();
    for (let i = 0; i < n; i++) matrix[i * n + i]! += z[i]! / x[i]! + least;
    const dx = solve(
      matrix,
      gradient.map((value, i) => aim / x[i]! - value),
    );
    const dz = dx.map((value, i) => (aim - z[i]! * value) / x[i]! - z[i]!);
    const length = Math.min(1, ofTheWay * Math.min(room(x, dx), room(z, dz)));
    x = x.map((value, i) => value + length * dx[i]!);
    z = z.map((value, i) => value + length * dz[i]!);
  }
  return x;
}

/** How far the positive values may go before one of them is 0. */
function room(values: Float64Array, direction: Float64Array): number {
  return direction.reduce((most, by, i) => (by < 0 ? Math.min(most, -values[i]! / by) : most), Infinity);
}

function trace(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += matrix[i * n + i]!;
  return sum;
}

function times(matrix: Float64Array, x: Float64Array): Float64Array {
  return x.map((_, row) =>
    x.reduce((sum, value, column) => sum + matrix[row * x.length + column]! * value, 0),
  );
}

/** The solution of Ax = y for a positive definite A, by its Cholesky factor, which takes A's place. */
function solve(a: Float64Array, y: Float64Array): Float64Array {
  const n = y.length;
  const x = y.slice();
  for (let row = 0; row < n; row++) {
    for (let column = 0; column <= row; column++) {
      let sum = a[row * n + column]!;
      for (let k = 0; k < column; k++) sum -= a[row * n + k]! * a[column * n + k]!;
      a[row * n + column] = column === row ? Math.sqrt(sum) : sum / a[column * n + column]!;
    }
  }
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < row; k++) x[row]! -= a[row * n + k]! * x[k]!;
    x[row]! /= a[row * n + row]!;
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let k = row + 1; k < n; k++) x[row]! -= a[k * n + row]! * x[k]!;
    x[row]! /= a[row * n + row]!;
  }
  return x;
}
