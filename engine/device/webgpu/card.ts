import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, hostname, release } from 'node:os';
import { capped } from '../../../errors/capped.js';
import { instructionSets } from '../cpu/signature.js';
import { webGpu, type CardFacts } from '../device.js';
import { vulkanCards } from './vulkan.js';

/** Of what results and messages have of a name. */
const mostOfName = 200;

/**
 * What WebGPU computes on: ONNX Runtime does not tell, so the system is asked. Where it has several cards, which of
 * them is taken is the provider's to decide: they are named together, as one that may be any of them.
 *
 * @returns null where the system does not tell either
 */
export function webGpuCard(cards: readonly CardFacts[] = cardsOf(process.platform)): CardFacts | null {
  const [first, ...others] = cards;
  if (first === undefined || others.length === 0) return first ?? null;
  const all = (text: (card: CardFacts) => string): string => capped(cards.map(text).join(' or '), mostOfName);
  const memories = cards.map(({ memoryBytes }) => memoryBytes);
  return {
    name: all(({ name }) => name),
    id: all(({ id }) => id ?? 'unknown'),
    driver: all(({ driver }) => driver),
    memoryBytes: memories.includes(null) ? null : Math.min(...(memories as number[])),
    isSoftware: cards.every(({ isSoftware }) => isSoftware),
  };
}

function cardsOf(platform: NodeJS.Platform): CardFacts[] {
  if (platform === 'linux') return vulkanCards();
  // A Mac has one, on the chip, whose driver comes with the system.
  const name = cpus()[0]?.model;
  if (platform !== 'darwin' || name === undefined) return [];
  return [{ name, id: null, driver: `macOS ${release()}`, memoryBytes: null, isSoftware: false }];
}

/**
 * What decides the bits that WebGPU gives. A card that is not told has a name of its machine's: so folds of two unlike
 * cards have no key in common.
 *
 * @param machine names this machine and no other
 */
export function webGpuSignature(
  runtimeVersion: string,
  card: CardFacts | null,
  machine: () => string = thisMachine,
): string {
  return [
    `onnxruntime ${runtimeVersion}`,
    webGpu,
    ...(card === null ? [`a card of ${machine()}`] : named(card)),
  ].join(', ');
}

function named({ name, id, driver, isSoftware }: CardFacts): string[] {
  const title = id === null ? name : `${name} (${id})`;
  return [title, driver, ...(isSoftware ? [`${process.arch} ${instructionSets()}`] : [])];
}

function thisMachine(): string {
  return [hostname(), machineId()].filter((part) => part !== '').join(' ');
}

/** As the system numbered itself when it was installed; empty where it did not. */
function machineId(): string {
  try {
    if (process.platform !== 'win32') return readFileSync('/etc/machine-id', 'utf8').trim();
    const key = String.raw`HKLM\SOFTWARE\Microsoft\Cryptography`;
    const told = execFileSync('reg', ['query', key, '/v', 'MachineGuid'], { encoding: 'utf8' });
    return /REG_SZ\s+(\S+)/.exec(told)?.[1] ?? '';
  } catch {
    return '';
  }
}
