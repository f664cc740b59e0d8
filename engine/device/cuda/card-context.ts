import { setImmediate as turn } from 'node:timers/promises';
import koffi from 'koffi';
import { EnvironmentFault } from '../../../errors/fault.js';
import { cudaName } from '../device.js';
import { DeviceFault } from '../../runtime/fault.js';
import {
  addresses,
  cell,
  NativeText,
  pointee,
  textAt,
  type Address,
  type Cell,
} from '../../runtime/native.js';
import { driverFunctions, driverRemedy, driverTitle, type Bind } from './driver.js';

/** A kernel on a card. */
export interface Kernel {
  readonly name: string;
  readonly address: Address;
}

/** How many threads run a kernel. */
export interface Grid {
  readonly blocks: number;
  readonly threadsOfBlock: number;
}

/** Of CUresult. */
const outOfMemory = 2;
const notReady = 600;

/** A stream that waits for no other, nor another for it. */
const nonBlocking = 1;

/**
 * A card as NVIDIA's driver lets a process use it: kernels in a stream of their own. The context is the one that ONNX
 * Runtime has, so that a kernel reads its tensors. A call makes it that of this thread, where other libraries may have
 * set another. It lives as long as the process.
 */
export class CardContext {
  /** Launches so far. */
  launched = 0;
  private readonly context: Address;
  private readonly stream: Address;

  private constructor(
    private readonly driver: Driver,
    private readonly card: number,
  ) {
    const out = cell();
    const device = new Int32Array(1);
    this.verify(driver.init(0), 'cuInit');
    this.verify(driver.device(device, card), 'cuDeviceGet');
    this.verify(driver.retain(out, device[0]), 'cuDevicePrimaryCtxRetain');
    this.context = pointee(out);
    this.enter();
    this.verify(driver.createStream(out, nonBlocking), 'cuStreamCreate');
    this.stream = pointee(out);
  }

  /**
   * @param card in CUDA's numbers @param library the driver's
   * @throws EnvironmentFault where there is no driver; DeviceFault where the card fails
   */
  static open(card: number, library?: string): CardContext {
    return new CardContext(driverFunctions(boundTo, library), card);
  }

  /**
   * Has the driver translate a text of PTX for the card.
   *
   * @returns its kernels by name @throws EnvironmentFault where it does not take it
   */
  load(ptx: string): (name: string) => Kernel {
    this.enter();
    const [text, out] = [new NativeText(ptx), cell()];
    this.verifyLoaded(this.driver.load(out, text.address, 0, null, null), 'cuModuleLoadDataEx');
    const module = pointee(out);
    return (name) => {
      const symbol = new NativeText(name);
      this.verifyLoaded(this.driver.function(out, module, symbol.address), `cuModuleGetFunction ${name}`);
      return { name, address: pointee(out) };
    };
  }

  /**
   * Lets the card run a kernel after those before it: what it has computed is there after `wait`. The arguments are
   * taken at once.
   *
   * @throws DeviceFault
   */
  launch(kernel: Kernel, { blocks, threadsOfBlock }: Grid, args: readonly ArrayBufferView[]): void {
    this.enter();
    const given = addresses(
      args.length,
      args.map((argument) => koffi.address(argument)),
    );
    const [stream, shared] = [this.stream, 0];
    const told = this.driver.launch(
      ...[kernel.address, blocks, 1, 1, threadsOfBlock, 1, 1, shared, stream, given, null],
    );
    this.verify(told, `cuLaunchKernel ${kernel.name}`);
    this.launched++;
  }

  /**
   * Until all that was launched has ended. The event loop goes on; what is waited for is shorter than a turn by way of
   * another thread.
   *
   * @throws DeviceFault where a kernel has failed
   */
  async wait(): Promise<void> {
    for (;;) {
      this.enter();
      const told = this.driver.query(this.stream);
      if (told !== notReady) return this.verify(told, 'cuStreamQuery');
      await turn();
    }
  }

  /** Copies numbers of the card's memory, when all has ended. @throws DeviceFault */
  read(from: Address, into: Float64Array): void {
    this.enter();
    this.verify(this.driver.read(into, from, into.byteLength), 'cuMemcpyDtoH');
  }

  private enter(): void {
    this.verify(this.driver.setCurrent(this.context), 'cuCtxSetCurrent');
  }

  private verify(told: number, call: string): void {
    if (told === 0) return;
    const kind = told === outOfMemory ? 'memory' : 'lost';
    throw new DeviceFault(kind, `${cudaName(this.card)}, kernels`, this.named(told, call));
  }

  private verifyLoaded(told: number, call: string): void {
    if (told === 0 || told === outOfMemory) return this.verify(told, call);
    throw new EnvironmentFault({
      where: driverTitle,
      what: 'it does not take the kernels',
      found: this.named(told, call),
      remedy: driverRemedy,
    });
  }

  private named(told: number, call: string): string {
    const out = cell();
    const name = this.driver.errorName(told, out) === 0 ? ` (${textAt(pointee(out))})` : '';
    return `error ${told}${name} of ${call}`;
  }
}

type Numbers = Int32Array | Float64Array;

interface Driver {
  init(flags: number): number;
  device(out: Numbers, card: number): number;
  retain(out: Cell, device: number | undefined): number;
  setCurrent(context: Address): number;
  createStream(out: Cell, flags: number): number;
  load(out: Cell, image: Address, options: number, names: null, values: null): number;
  function(out: Cell, module: Address, name: Address): number;
  launch(...args: readonly unknown[]): number;
  query(stream: Address): number;
  read(into: Numbers, from: Address, bytes: number): number;
  errorName(error: number, out: Cell): number;
}

function boundTo(bind: Bind): Driver {
  const [pointer, word] = ['void *', 'uint32_t'];
  return {
    init: bind('cuInit', [word]),
    device: bind('cuDeviceGet', [pointer, 'int']),
    retain: bind('cuDevicePrimaryCtxRetain', [pointer, 'int']),
    setCurrent: bind('cuCtxSetCurrent', [pointer]),
    createStream: bind('cuStreamCreate', [pointer, word]),
    load: bind('cuModuleLoadDataEx', [pointer, pointer, word, pointer, pointer]),
    function: bind('cuModuleGetFunction', [pointer, pointer, pointer]),
    launch: bind('cuLaunchKernel', [pointer, ...Array<string>(7).fill(word), pointer, pointer, pointer]),
    query: bind('cuStreamQuery', [pointer]),
    // Addresses of the card's memory are numbers to the driver.
    read: bind('cuMemcpyDtoH_v2', [pointer, 'uint64_t', 'size_t']),
    errorName: bind('cuGetErrorName', ['int', pointer]),
  };
}
