import {
  firstLossScale,
  lossScaleParts,
  nextLossScale,
  type LossScale,
  type LossScaleSettings,
} from '../optim/loss-scale.js';

/** The loss scale of a training, as its state has it. */
export class LossScaleMemory {
  /** By the parts of a `LossScale`. */
  private readonly views = new Map<string, Float32Array>();

  constructor(private readonly settings: LossScaleSettings) {
    this.current = firstLossScale(settings);
  }

  /** One of the parts, as an array of one; undefined where there is none of that name. */
  of(part: string): Float32Array | undefined {
    return this.views.get(part);
  }

  get current(): LossScale {
    const [scale, cleanSteps, updates] = lossScaleParts.map((part) => this.views.get(part)?.[0] ?? 0);
    return { scale: scale!, cleanSteps: cleanSteps!, updates: updates! };
  }

  private set current(values: LossScale) {
    for (const part of lossScaleParts) {
      const view = this.views.get(part) ?? new Float32Array(1);
      view[0] = values[part];
      this.views.set(part, view);
    }
  }

  /** @param finite whether the step moved the weights */
  stepped(finite: boolean): void {
    this.current = nextLossScale(this.current, finite, this.settings);
  }
}
