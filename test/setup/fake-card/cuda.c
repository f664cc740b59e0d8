/*
 * CUDA without a card, for tests: its memory is the processor's, copies copy, and what is to be computed is not, but for
 * kernels of our own (kernels.cpp). The
 * provider of ONNX Runtime loads and starts on it, makes sessions, chooses kernels and moves tensors. One library of
 * CUDA's is compiled at a time, by LIBRARY_<name>.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "notes.h"

#define STUB(name) int name(void) { return 0; }

#ifndef CARDS
#define CARDS 1
#endif
#ifndef MEMORY
#define MEMORY ((size_t)1 << 30)
#endif
#ifndef CARD_NAME
#define CARD_NAME "A card of tests"
#endif
#ifndef DRIVER
#define DRIVER 13000
#endif

static const int outOfMemory = 2, noDevice = 100, invalidDevice = 101;
/* Of one allocation. */
static const size_t mostBytes = MEMORY;

/* Zeros: what no kernel writes is a number. */
static void *allocated(size_t bytes) {
  const size_t room = (bytes + 255) / 256 * 256 + 256;
  void *memory = aligned_alloc(256, room);
  return memory ? memset(memory, 0, room) : memory;
}

#ifdef LIBRARY_cuda
int cuInit(unsigned flags) { return CARDS == 0 ? noDevice : 0; }
int cuDriverGetVersion(int *version) { *version = DRIVER; return 0; }
int cuDeviceGetCount(int *count) { *count = CARDS; return 0; }
int cuDeviceGet(int *device, int card) { *device = card; return card < CARDS ? 0 : invalidDevice; }
int cuDeviceGetName(char *name, int bytes, int device) { strncpy(name, CARD_NAME, bytes); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = mostBytes; return 0; }
int cuDeviceGetAttribute(int *value, int which, int device) { *value = which == 75 ? 9 : 0; return 0; }
STUB(cuTensorMapEncodeTiled)
#endif

#ifdef LIBRARY_management
int nvmlInit_v2(void) { return 0; }
int nvmlSystemGetDriverVersion(char *release, unsigned bytes) { strncpy(release, "580.1", bytes); return 0; }
#endif

#ifdef LIBRARY_cudart
/* Where cudaDeviceProp of CUDA 13 has what is asked for. */
enum { totalMemory = 288, sharedPerBlock = 296, registers = 304, warp = 308, threadsPerBlock = 320, grid = 336 };
enum { major = 360, processors = 384, threadsPerProcessor = 604, sharedOptIn = 672, propertiesBytes = 1008 };

static void put(char *properties, int at, int value) { memcpy(properties + at, &value, sizeof value); }

int cudaGetDeviceCount(int *count) { *count = CARDS; return CARDS == 0 ? noDevice : 0; }
static __thread int current = 0;
int cudaGetDevice(int *device) { *device = current; return 0; }
int cudaSetDevice(int device) {
  if (device >= CARDS) return invalidDevice;
  note("provider", current = device);
  return 0;
}
int cudaGetDeviceProperties(char *properties, int device) {
  const size_t memory = mostBytes, shared = 49152;
  memset(properties, 0, propertiesBytes);
  strcpy(properties, CARD_NAME);
  memcpy(properties + totalMemory, &memory, sizeof memory);
  memcpy(properties + sharedPerBlock, &shared, sizeof shared);
  put(properties, registers, 65536);
  put(properties, warp, 32);
  put(properties, threadsPerBlock, 1024);
  for (int axis = 0; axis < 3; axis++) put(properties, grid + 4 * axis, 65535);
  put(properties, major, 9);
  put(properties, processors, 132);
  put(properties, threadsPerProcessor, 2048);
  put(properties, sharedOptIn, 232448);
  return 0;
}
int cudaDeviceGetAttribute(int *value, int which, int device) {
  /* The major part of the capability, processors, threads of a block. */
  *value = which == 75 ? 9 : which == 16 ? 132 : which == 1 ? 1024 : 0;
  return 0;
}
int cudaDriverGetVersion(int *version) { *version = DRIVER; return 0; }
int cudaRuntimeGetVersion(int *version) { *version = 13000; return 0; }
/*
 * While launches are recorded, a card refuses what would have to be done at once; and of what is copied from the host it
 * notes the place, not what is there.
 */
static const int notWhileRecording = 900;
static int recording = 0, recordings = 0, replays = 0, copiesOfHost = 0;
int cudaStreamBeginCapture(void *stream, int mode) { recording = 1; return 0; }
int cudaStreamEndCapture(void *stream, void **graph) { recording = 0; *graph = (void *)(intptr_t)(16 * ++recordings); return 0; }
int cudaGraphInstantiate(void **run, void *graph) { *run = graph; return 0; }
int cudaGraphLaunch(void *run, void *stream) { replays++; return 0; }
int cudaDeviceSynchronize(void) { return recording ? notWhileRecording : 0; }
int cudaStreamSynchronize(void *stream) { return recording ? notWhileRecording : 0; }
int cudaEventSynchronize(void *event) { return recording ? notWhileRecording : 0; }
/* For tests. */
int fakeRecordings(void) { return recordings; }
int fakeReplays(void) { return replays; }
int fakeCopiesOfHostRecorded(void) { return copiesOfHost; }

int cudaMalloc(void **to, size_t bytes) {
  if (recording) return notWhileRecording;
  if (bytes > mostBytes) return outOfMemory;
  *to = allocated(bytes);
  return 0;
}
int cudaFree(void *from) { if (recording) return notWhileRecording; free(from); return 0; }
int cudaMallocHost(void **to, size_t bytes) { *to = allocated(bytes); return 0; }
int cudaHostAlloc(void **to, size_t bytes, unsigned flags) { *to = allocated(bytes); return 0; }
int cudaFreeHost(void *from) { free(from); return 0; }
int cudaMemcpy(void *to, const void *from, size_t bytes, int kind) {
  if (recording) return notWhileRecording;
  memmove(to, from, bytes);
  return 0;
}
int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) {
  if (recording && kind == 1) copiesOfHost++;
  memmove(to, from, bytes);
  return 0;
}
int cudaMemset(void *to, int value, size_t bytes) { memset(to, value, bytes); return 0; }
int cudaMemsetAsync(void *to, int value, size_t bytes, void *stream) { memset(to, value, bytes); return 0; }
int cudaMemGetInfo(size_t *available, size_t *all) { *available = *all = mostBytes; return 0; }
static intptr_t made = 0;
int cudaStreamCreate(void **stream) { *stream = (void *)(16 * ++made); return 0; }
int cudaStreamCreateWithFlags(void **stream, unsigned flags) { return cudaStreamCreate(stream); }
int cudaEventCreate(void **event) { return cudaStreamCreate(event); }
int cudaEventCreateWithFlags(void **event, unsigned flags) { return cudaStreamCreate(event); }
int cudaStreamIsCapturing(void *stream, int *status) { *status = recording; return 0; }
const char *cudaGetErrorString(int error) { return "an error of tests"; }
const char *cudaGetErrorName(int error) { return "an error of tests"; }
int cudaPointerGetAttributes(int *attributes, const void *pointer) {
  memset(attributes, 0, 88);
  /* Memory of the card. */
  attributes[0] = 2;
  return 0;
}
void **__cudaRegisterFatBinary(void *binary) { static void *handle[4]; return handle; }
int cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int *blocks) { *blocks = 1; return 0; }
STUB(__cudaGetKernel) STUB(__cudaLaunchKernel) STUB(__cudaPopCallConfiguration)
STUB(__cudaPushCallConfiguration) STUB(__cudaRegisterFatBinaryEnd) STUB(__cudaRegisterFunction)
STUB(__cudaRegisterVar) STUB(__cudaUnregisterFatBinary)
STUB(cudaEventDestroy) STUB(cudaEventElapsedTime) STUB(cudaEventRecord)
STUB(cudaFreeAsync) STUB(cudaFuncGetAttributes) STUB(cudaFuncSetAttribute)
STUB(cudaGetDriverEntryPointByVersion) STUB(cudaGetLastError) STUB(cudaGraphDestroy)
STUB(cudaGraphExecDestroy)
STUB(cudaKernelSetAttributeForDevice) STUB(cudaLaunchCooperativeKernel) STUB(cudaLaunchHostFunc)
STUB(cudaLaunchKernel) STUB(cudaLaunchKernelExC) STUB(cudaLibraryGetKernel)
STUB(cudaLibraryLoadData) STUB(cudaLibraryUnload) STUB(cudaMallocFromPoolAsync)
STUB(cudaMemPoolCreate) STUB(cudaMemPoolDestroy) STUB(cudaMemPoolGetAttribute)
STUB(cudaMemPoolSetAttribute) STUB(cudaMemPoolTrimTo) STUB(cudaMemcpy2DAsync)
STUB(cudaMemcpyFromSymbol) STUB(cudaPeekAtLastError)
STUB(cudaStreamDestroy)
STUB(cudaStreamWaitEvent)
#endif

#ifdef LIBRARY_cublas
int cublasCreate_v2(void **handle) { *handle = allocated(16); return 0; }
const char *cublasGetStatusName(int status) { return "an error of tests"; }
const char *cublasGetStatusString(int status) { return "an error of tests"; }
STUB(cublasDcopy_v2) STUB(cublasDestroy_v2) STUB(cublasDgeam) STUB(cublasDgemmBatched)
STUB(cublasDgemmStridedBatched) STUB(cublasDgemm_v2) STUB(cublasDgetrfBatched)
STUB(cublasDgetriBatched) STUB(cublasGemmBatchedEx) STUB(cublasGemmEx)
STUB(cublasGemmStridedBatchedEx) STUB(cublasGetMathMode) STUB(cublasScopy_v2)
STUB(cublasSetMathMode) STUB(cublasSetStream_v2) STUB(cublasSgeam) STUB(cublasSgemmBatched)
STUB(cublasSgemmStridedBatched) STUB(cublasSgemm_v2) STUB(cublasSgetrfBatched)
STUB(cublasSgetriBatched) STUB(cublasSscal_v2)
#endif

#ifdef LIBRARY_cublasLt
int cublasLtCreate(void **handle) { *handle = allocated(16); return 0; }
size_t cublasLtGetVersion(void) { return 130000; }
STUB(cublasLtDestroy) STUB(cublasLtMatmul) STUB(cublasLtMatmulAlgoConfigSetAttribute)
STUB(cublasLtMatmulAlgoGetHeuristic) STUB(cublasLtMatmulAlgoInit) STUB(cublasLtMatmulDescCreate)
STUB(cublasLtMatmulDescDestroy) STUB(cublasLtMatmulDescSetAttribute)
STUB(cublasLtMatmulPreferenceCreate) STUB(cublasLtMatmulPreferenceDestroy)
STUB(cublasLtMatmulPreferenceSetAttribute) STUB(cublasLtMatrixLayoutCreate)
STUB(cublasLtMatrixLayoutDestroy) STUB(cublasLtMatrixLayoutSetAttribute)
STUB(cublasLtMatrixTransform) STUB(cublasLtMatrixTransformDescCreate)
STUB(cublasLtMatrixTransformDescDestroy)
#endif

#ifdef LIBRARY_cudnn
size_t cudnnGetVersion(void) { return 91300; }
int cudnnCreate(void **handle) { *handle = allocated(16); return 0; }
const char *cudnnGetErrorString(int status) { return "an error of tests"; }
STUB(cudnnActivationForward) STUB(cudnnAddTensor) STUB(cudnnBackendCreateDescriptor)
STUB(cudnnBackendDestroyDescriptor) STUB(cudnnBackendExecute) STUB(cudnnBackendFinalize)
STUB(cudnnBackendGetAttribute) STUB(cudnnBackendSetAttribute)
STUB(cudnnBatchNormalizationForwardInference) STUB(cudnnBatchNormalizationForwardTraining)
STUB(cudnnConvolutionBiasActivationForward) STUB(cudnnConvolutionForward)
STUB(cudnnCreateActivationDescriptor) STUB(cudnnCreateConvolutionDescriptor)
STUB(cudnnCreateDropoutDescriptor) STUB(cudnnCreateFilterDescriptor) STUB(cudnnCreateLRNDescriptor)
STUB(cudnnCreatePoolingDescriptor) STUB(cudnnCreateRNNDataDescriptor) STUB(cudnnCreateRNNDescriptor)
STUB(cudnnCreateReduceTensorDescriptor) STUB(cudnnCreateTensorDescriptor)
STUB(cudnnDeriveBNTensorDescriptor) STUB(cudnnDestroy) STUB(cudnnDestroyActivationDescriptor)
STUB(cudnnDestroyConvolutionDescriptor) STUB(cudnnDestroyDropoutDescriptor)
STUB(cudnnDestroyFilterDescriptor) STUB(cudnnDestroyLRNDescriptor)
STUB(cudnnDestroyPoolingDescriptor) STUB(cudnnDestroyRNNDataDescriptor)
STUB(cudnnDestroyRNNDescriptor) STUB(cudnnDestroyReduceTensorDescriptor)
STUB(cudnnDestroyTensorDescriptor) STUB(cudnnDropoutGetStatesSize)
STUB(cudnnFindConvolutionForwardAlgorithmEx) STUB(cudnnGetConvolutionForwardAlgorithm_v7)
STUB(cudnnGetConvolutionForwardWorkspaceSize) STUB(cudnnGetLastErrorString)
STUB(cudnnGetRNNTempSpaceSizes) STUB(cudnnGetRNNWeightParams) STUB(cudnnGetReductionIndicesSize)
STUB(cudnnGetReductionWorkspaceSize) STUB(cudnnGetStream) STUB(cudnnGetTensorNdDescriptor)
STUB(cudnnLRNCrossChannelForward) STUB(cudnnPoolingForward) STUB(cudnnRNNForward)
STUB(cudnnReduceTensor) STUB(cudnnSetActivationDescriptor) STUB(cudnnSetConvolutionGroupCount)
STUB(cudnnSetConvolutionMathType) STUB(cudnnSetConvolutionNdDescriptor)
STUB(cudnnSetDropoutDescriptor) STUB(cudnnSetFilterNdDescriptor) STUB(cudnnSetLRNDescriptor)
STUB(cudnnSetPoolingNdDescriptor) STUB(cudnnSetRNNDataDescriptor) STUB(cudnnSetRNNDescriptor_v8)
STUB(cudnnSetReduceTensorDescriptor) STUB(cudnnSetStream) STUB(cudnnSetTensorNdDescriptor)
STUB(cudnnSoftmaxForward)
#endif
