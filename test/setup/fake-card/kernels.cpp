/*
 * Our kernels on a card that is the processor: compiled from the sources that NVIDIA's compiler is given, one thread
 * after the other. A module is its text of PTX, which has to have the kernel that is asked for.
 */
#include "notes.h"
#include "on-host.h"

#include <stdio.h>
#include <string.h>

#include <type_traits>
#include <utility>

#include "masks.cuh"
#include "pack.cuh"

/* What is constant for a grid is one for all threads, as on a card: a copy for each would be 4 KiB. */
#define Masks Masks &
#define Packs Packs &

#include "adamw.cu"
#include "dropout.cu"
#include "gradient-norm.cu"

namespace {

enum { invalidValue = 1, invalidPtx = 218, invalidContext = 201, notFound = 500, notReady = 600, lost = 719 };

struct Kernel {
  const char *name;
  void (*run)(void *const *arguments);
};

template <auto kernel> struct Run;
template <typename... Arguments, void (*kernel)(Arguments...)> struct Run<kernel> {
  template <size_t... places> static void with(void *const *arguments, std::index_sequence<places...>) {
    kernel(*static_cast<std::remove_reference_t<Arguments> *>(arguments[places])...);
  }
  static void all(void *const *arguments) { with(arguments, std::index_sequence_for<Arguments...>{}); }
};

const Kernel kernels[] = {
    {"squares", Run<squares>::all},
    {"partialSums", Run<partialSums>::all},
    {"clip", Run<clip>::all},
    {"adamw", Run<adamw>::all},
    {"dropoutMasks", Run<dropoutMasks>::all},
};

thread_local bool current = false;
int failing = 0, launches = 0, queries = 0, card = 0;

/* Whether a card fails here, as it does once: a process after this one finds that it has. */
bool failsNow() {
#ifdef FAILING_CARD
  if (card != FAILING_CARD || launches < FAILING_LAUNCH) return false;
  const int mark = open(NOTES ".failed", O_CREAT | O_EXCL, 0600);
  if (mark < 0) return false;
  close(mark);
  return true;
#else
  return false;
#endif
}

}  // namespace

extern "C" {

int cuDevicePrimaryCtxRetain(void **context, int device) {
  note("driver", card = device);
  *context = &failing;
  return 0;
}
int cuCtxSetCurrent(void *context) { current = context == &failing; return current ? 0 : invalidContext; }
int cuStreamCreate(void **stream, unsigned) { *stream = &launches; return current ? 0 : invalidContext; }
int cuGetErrorName(int, const char **name) { *name = "CUDA_ERROR_OF_TESTS"; return 0; }

int cuModuleLoadDataEx(const char **module, const char *text, unsigned, void *, void *) {
  if (!current) return invalidContext;
  *module = strdup(text);
  return strstr(text, ".version 9.0\n") && strstr(text, ".target sm_75\n") ? 0 : invalidPtx;
}

int cuModuleGetFunction(const Kernel **kernel, const char *module, const char *name) {
  char entry[64];
  snprintf(entry, sizeof entry, ".visible .entry %s(", name);
  for (const Kernel &each : kernels)
    if (strcmp(each.name, name) == 0 && strstr(module, entry)) {
      *kernel = &each;
      return 0;
    }
  return notFound;
}

int cuLaunchKernel(const Kernel *kernel, unsigned blocksX, unsigned blocksY, unsigned blocksZ, unsigned threadsX,
                   unsigned threadsY, unsigned threadsZ, unsigned, void *stream, void *const *arguments, void *) {
  if (!current) return invalidContext;
  if (blocksX == 0 || blocksY != 1 || blocksZ != 1 || threadsY != 1 || threadsZ != 1 || threadsX == 0 ||
      threadsX > 1024 || stream != &launches)
    return invalidValue;
  if (failsNow()) return failing = lost;
  launches++;
  queries = 0;
  gridDim = {blocksX, 1, 1};
  blockDim = {threadsX, 1, 1};
  for (blockIdx = {0, 0, 0}; blockIdx.x < blocksX; blockIdx.x++)
    for (threadIdx = {0, 0, 0}; threadIdx.x < threadsX; threadIdx.x++) kernel->run(arguments);
  return 0;
}

/* As a card that is still at it when it is asked first. */
int cuStreamQuery(void *) { return failing ? failing : queries++ == 0 ? notReady : 0; }
int cuMemcpyDtoH_v2(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); return 0; }

/* For tests: what is answered when a kernel is waited for. */
void fakeFailure(int error) { failing = error; }
int fakeLaunches(void) { return launches; }
}
