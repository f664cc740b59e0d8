// How threads share the elements of an array: each takes one of so many.
#pragma once

static __device__ unsigned long long thisThread() {
  return static_cast<unsigned long long>(blockIdx.x) * blockDim.x + threadIdx.x;
}

static __device__ unsigned long long allThreads() {
  return static_cast<unsigned long long>(gridDim.x) * blockDim.x;
}
