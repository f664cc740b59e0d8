/** The mean of what was predicted of each row: once, or once per repeat of the split; NaN where nothing was. */
export class HeldOutMeans {
  private readonly sums: Float64Array;
  private readonly times: Uint32Array;

  constructor(
    rows: number,
    private readonly width: number,
  ) {
    this.sums = new Float64Array(rows * width);
    this.times = new Uint32Array(rows);
  }

  /** @param predicted `[held.length, width]` */
  add(held: readonly number[], predicted: Float32Array): void {
    const { width, sums, times } = this;
    held.forEach((row, place) => {
      times[row]! += 1;
      for (let label = 0; label < width; label++)
        sums[row * width + label]! += predicted[place * width + label]!;
    });
  }

  /** `[rows, width]`. Of one prediction the mean has its bits. */
  values(): Float32Array {
    const means = new Float32Array(this.sums.length);
    for (let at = 0; at < means.length; at++)
      means[at] = this.sums[at]! / this.times[Math.floor(at / this.width)]!;
    return means;
  }
}
