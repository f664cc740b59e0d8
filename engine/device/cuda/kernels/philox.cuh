// Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011), as
// engine/kernels/philox.ts has it.
#pragma once

struct Draws {
  unsigned lane[4];
};

// The four draws of a block.
static __device__ Draws philox(const unsigned block, const unsigned (&key)[2], const unsigned (&counter)[3]) {
  constexpr unsigned m0 = 0xd2511f53, m1 = 0xcd9e8d57, w0 = 0x9e3779b9, w1 = 0xbb67ae85;
  unsigned c0 = block, c1 = counter[0], c2 = counter[1], c3 = counter[2];
  unsigned k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; round++) {
    const unsigned high0 = __umulhi(m0, c0), low0 = m0 * c0;
    const unsigned high1 = __umulhi(m1, c2), low1 = m1 * c2;
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += w0;
    k1 += w1;
  }
  return {{c0, c1, c2, c3}};
}
