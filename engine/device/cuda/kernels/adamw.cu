// Decoupled weight decay (Loshchilov and Hutter 2019) in the order of PyTorch's AdamW, then the average. Every operation
// rounds by itself, so that the bits are those of engine/kernels/assembly/adamw.ts.
#include "elements.cuh"
#include "pack.cuh"

struct Numbers {
  float oneMinusBeta1;
  float beta2;
  float oneMinusBeta2;
  // √(1 − β₂ᵗ)
  float rootCorrection2;
  float epsilon;
  // By what the average moves towards the weights, and what it keeps.
  float share;
  float rest;
};

static __device__ float moved(const float average, const float weight, const Numbers &numbers) {
  if (numbers.share == 0) return average;
  if (numbers.share == 1) return weight;
  return average * numbers.rest + weight * numbers.share;
}

static __device__ void step(const Pack &pack, const unsigned long long i, const float factor,
                            const Numbers &numbers) {
  const float gradient = pack.gradient[i] * factor;
  const float w = pack.weights[i];
  const float m = pack.firstMoment[i];
  const float v = pack.secondMoment[i];
  const float m1 = m + numbers.oneMinusBeta1 * (gradient - m);
  const float v1 = v * numbers.beta2 + numbers.oneMinusBeta2 * gradient * gradient;
  const float denominator = sqrtf(v1) / numbers.rootCorrection2 + numbers.epsilon;
  const float w1 = w * pack.decay + pack.minusStep * m1 / denominator;
  pack.nextWeights[i] = w1;
  pack.nextFirstMoment[i] = m1;
  pack.nextSecondMoment[i] = v1;
  if (pack.nextAverage == nullptr) return;
  pack.nextAverage[i] = moved(pack.average[i], w1, numbers);
}

// factor: what gradients are multiplied by, of `clip`.
extern "C" __global__ void adamw(const __grid_constant__ Packs packs, const int count, const float *factor,
                                 const __grid_constant__ Numbers numbers) {
  const float by = *factor;
  for (int pack = 0; pack < count; pack++)
    for (unsigned long long i = thisThread(); i < packs.pack[pack].count; i += allThreads())
      step(packs.pack[pack], i, by, numbers);
}
