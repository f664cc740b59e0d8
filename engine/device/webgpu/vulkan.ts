import koffi, { type LibraryHandle } from 'koffi';
import { loadLibrary } from '../../runtime/native-library.js';
import type { CardFacts } from '../device.js';

/** The loader of the drivers, as Dawn names it. It is what reads `VK_DRIVER_FILES`: both are given the same cards. */
const loader = 'libvulkan.so.1';

/** `VK_API_VERSION_1_2`: from there on a driver has a name. */
const version12 = (1 << 22) | (2 << 12);

/** `VkStructureType`. */
const structure = { instance: 1, application: 0, properties: 1000059001, driver: 1000196000 } as const;

/** `VK_PHYSICAL_DEVICE_TYPE_CPU`. */
const inSoftware = 4;
/** `VK_MEMORY_HEAP_DEVICE_LOCAL_BIT`. */
const onTheCard = 1;

/** `VkPhysicalDeviceProperties2`, and within it `VkPhysicalDeviceProperties`; with room to spare. */
const propertiesAt = { inner: 16, api: 16, driver: 20, vendor: 24, device: 28, type: 32, name: 36 } as const;
const propertiesBytes = 2_048;
const nameBytes = 256;
/** `VkPhysicalDeviceDriverProperties`. */
const driverAt = { name: 20, info: 276 } as const;
const driverBytes = 1_024;
/** `VkPhysicalDeviceMemoryProperties`. */
const memoryAt = { heapCount: 260, heaps: 264, heapBytes: 16, heapFlags: 8 } as const;
const memoryBytes = 1_024;

const mostCards = 16;

type Handle = bigint;

/** The functions in use; the reference is vulkan_core.h. */
interface Vulkan {
  createInstance(info: Buffer, allocator: null, instance: BigUint64Array): number;
  destroyInstance(instance: Handle, allocator: null): void;
  cards(instance: Handle, count: Uint32Array, cards: BigUint64Array): number;
  properties(card: Handle, properties: Buffer): void;
  memory(card: Handle, properties: Buffer): void;
}

/** The cards that Vulkan's loader finds, in its order; none where there is no loader or no driver. */
export function vulkanCards(): CardFacts[] {
  let vulkan: Vulkan;
  try {
    vulkan = bind(loadLibrary(loader));
  } catch {
    return [];
  }
  const instance = new BigUint64Array(1);
  if (createInstance(vulkan, instance) !== 0) return [];
  try {
    const count = Uint32Array.of(mostCards);
    const cards = new BigUint64Array(mostCards);
    // What is told when there are more is told of the first.
    if (vulkan.cards(instance[0]!, count, cards) < 0) return [];
    return [...cards.subarray(0, count[0])].map((card) => factsOf(vulkan, card));
  } finally {
    vulkan.destroyInstance(instance[0]!, null);
  }
}

function bind(from: LibraryHandle): Vulkan {
  const pointers = (count: number): string[] => Array<string>(count).fill('void *');
  return {
    createInstance: from.func('vkCreateInstance', 'int', pointers(3)) as Vulkan['createInstance'],
    destroyInstance: from.func('vkDestroyInstance', 'void', pointers(2)) as Vulkan['destroyInstance'],
    cards: from.func('vkEnumeratePhysicalDevices', 'int', pointers(3)) as Vulkan['cards'],
    properties: from.func('vkGetPhysicalDeviceProperties2', 'void', pointers(2)) as Vulkan['properties'],
    memory: from.func('vkGetPhysicalDeviceMemoryProperties', 'void', pointers(2)) as Vulkan['memory'],
  };
}

function createInstance(vulkan: Vulkan, instance: BigUint64Array): number {
  // VkApplicationInfo: type, next, name, version, engine, version, version of the interface.
  const application = Buffer.alloc(48);
  application.writeUInt32LE(structure.application, 0);
  application.writeUInt32LE(version12, 44);
  // VkInstanceCreateInfo: type, next, flags, application, no layers, no extensions.
  const info = Buffer.alloc(64);
  info.writeUInt32LE(structure.instance, 0);
  info.writeBigUInt64LE(koffi.address(application), 24);
  return vulkan.createInstance(info, null, instance);
}

function factsOf(vulkan: Vulkan, card: Handle): CardFacts {
  const properties = Buffer.alloc(propertiesBytes);
  const driver = Buffer.alloc(driverBytes);
  driver.writeUInt32LE(structure.driver, 0);
  properties.writeUInt32LE(structure.properties, 0);
  // A driver of an older interface passes over what it does not know.
  properties.writeBigUInt64LE(koffi.address(driver), 8);
  vulkan.properties(card, properties);
  const [vendor, device] = [propertiesAt.vendor, propertiesAt.device].map(
    (at) => `0x${properties.readUInt32LE(at).toString(16).padStart(4, '0')}`,
  );
  const named = `${textAt(driver, driverAt.name)} ${textAt(driver, driverAt.info)}`.trim();
  return {
    name: textAt(properties, propertiesAt.name),
    id: `${vendor}:${device}`,
    driver: [named, `0x${properties.readUInt32LE(propertiesAt.driver).toString(16)}`].join(' ').trim(),
    memoryBytes: memoryOf(vulkan, card),
    isSoftware: properties.readUInt32LE(propertiesAt.type) === inSoftware,
  };
}

/** Of the card's own heaps the largest: others are windows to it. */
function memoryOf(vulkan: Vulkan, card: Handle): number {
  const memory = Buffer.alloc(memoryBytes);
  vulkan.memory(card, memory);
  const heaps = Array.from({ length: memory.readUInt32LE(memoryAt.heapCount) }, (_, heap) => {
    const at = memoryAt.heaps + heap * memoryAt.heapBytes;
    const isOwn = (memory.readUInt32LE(at + memoryAt.heapFlags) & onTheCard) !== 0;
    return isOwn ? Number(memory.readBigUInt64LE(at)) : 0;
  });
  return Math.max(0, ...heaps);
}

function textAt(bytes: Buffer, at: number): string {
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, Math.min(end < 0 ? at + nameBytes : end, at + nameBytes)).trim();
}
