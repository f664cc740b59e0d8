import { Fault } from '../../../errors/fault.js';
import { locateCudaLibrary } from '../../runtime/cuda-library.js';
import { openDriver, type CudaCard, type CudaDriver } from './driver.js';
import { loadLibraries } from './libraries.js';

/** One thing that CUDA needs. */
export interface CudaFinding {
  readonly part: 'provider' | 'driver' | 'libraries';
  readonly state: 'fine' | 'missing';
  readonly found: string;
  readonly remedy?: string;
}

export interface CudaFindings {
  readonly parts: readonly CudaFinding[];
  /** In CUDA's numbers; none where the driver is missing. */
  readonly cards: readonly CudaCard[];
}

/** How each part is looked for. */
export interface CudaSearch {
  readonly provider: () => string;
  readonly driver: () => CudaDriver;
  readonly libraries: () => readonly string[];
}

const search: CudaSearch = {
  provider: () => locateCudaLibrary(),
  driver: () => openDriver(),
  libraries: () => loadLibraries(),
};

/** What is there of what CUDA needs, and what is missing. It loads the driver: call it in a process of its own. */
export function cudaFindings({ provider, driver, libraries }: CudaSearch = search): CudaFindings {
  let cards: readonly CudaCard[] = [];
  const parts = [
    looked('provider', provider),
    looked('driver', () => {
      const opened = driver();
      ({ cards } = opened);
      return `serves CUDA ${opened.cuda}, and has ${cards.length === 1 ? 'one card' : `${cards.length} cards`}`;
    }),
    looked('libraries', () => libraries().join(', ')),
  ];
  return { parts, cards };
}

function looked(part: CudaFinding['part'], look: () => string): CudaFinding {
  try {
    return { part, state: 'fine', found: look() };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { where, what, found, remedy } = error.details;
    return {
      part,
      state: 'missing',
      found: `${where}: ${what}${found === undefined ? '' : ` (${found})`}`,
      ...(remedy === undefined ? {} : { remedy }),
    };
  }
}
