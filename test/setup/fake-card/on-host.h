/* What the sources of CUDA's kernels take of CUDA C++, so that a compiler for the processor takes them. */
#pragma once
#include <math.h>
#include <stdint.h>

#define __global__
#define __device__
#define __grid_constant__

struct Extents { unsigned x, y, z; };
/* Threads run one after the other, launches on one thread. */
static Extents blockIdx, threadIdx, blockDim, gridDim;

static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
