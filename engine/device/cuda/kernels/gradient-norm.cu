// The norm of all gradients of a step, and by what it is clipped. Sums are in float64, whose range holds the square of
// every float32, and in an order that the number of threads alone decides, which ../update-kernels.ts fixes.
#include "elements.cuh"
#include "pack.cuh"

// sums[thread] = Σ g² of the elements that are the thread's. Where packs take several launches, later ones add to it.
extern "C" __global__ void squares(const __grid_constant__ Packs packs, const int count, const int first,
                                   double *sums) {
  const unsigned long long thread = thisThread();
  double sum = first ? 0 : sums[thread];
  for (int pack = 0; pack < count; pack++) {
    const float *gradient = packs.pack[pack].gradient;
    const unsigned long long elements = packs.pack[pack].count;
#pragma unroll 4
    for (unsigned long long i = thread; i < elements; i += allThreads()) {
      const double g = gradient[i];
      sum += g * g;
    }
  }
  sums[thread] = sum;
}

// sums[thread] = Σ of each so many numbers.
extern "C" __global__ void partialSums(const double *numbers, const int each, double *sums) {
  const unsigned long long thread = thisThread();
  double sum = 0;
#pragma unroll 8
  for (int i = 0; i < each; i++) sum += numbers[thread + i * allThreads()];
  sums[thread] = sum;
}

// By one thread: ‖g‖ = √Σ / the loss scale, and min(1, most / (‖g‖ + offset)) / the loss scale, which gradients are to be
// multiplied by, as PyTorch's clip_grad_norm_ does it.
extern "C" __global__ void clip(const double *numbers, const int count, const double lossScale,
                                const double mostNorm, const double offset, double *norm, float *factor) {
  double sum = 0;
#pragma unroll 8
  for (int i = 0; i < count; i++) sum += numbers[i];
  const double length = sqrt(sum) / lossScale;
  const double share = mostNorm / (length + offset);
  *norm = length;
  *factor = static_cast<float>((share < 1 ? share : 1) / lossScale);
}
