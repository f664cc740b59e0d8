// Dropout masks: a byte for each entry, 1 where it is kept. The draws are those of engine/kernels/assembly/dropout.ts.
#include "elements.cuh"
#include "masks.cuh"
#include "philox.cuh"

// Four entries, of one block of draws.
static __device__ void draw(const Mask &mask, const unsigned block) {
  const Draws draws = philox(block, mask.key, mask.counter);
  const unsigned long long first = 4ull * block;
  unsigned flags = 0;
  for (int i = 0; i < 4; i++) flags |= (draws.lane[i] >= mask.threshold ? 1u : 0u) << (8 * i);
  if (first + 4 <= mask.count)
    *reinterpret_cast<unsigned *>(mask.flags + first) = flags;
  else
    for (int i = 0; first + i < mask.count; i++) mask.flags[first + i] = flags >> (8 * i) & 1;
}

extern "C" __global__ void dropoutMasks(const __grid_constant__ Masks masks, const int count) {
  for (int mask = 0; mask < count; mask++)
    for (unsigned long long block = thisThread(); 4 * block < masks.mask[mask].count; block += allThreads())
      draw(masks.mask[mask], static_cast<unsigned>(block));
}
