import { sumAtOnce } from './add-chains.js';
import { chooseKept } from './dropout-choices.js';
import { castBeforeChoices, castChosen, mergeReshapes } from './fewer-nodes.js';
import type { Graph } from './graph.js';
import { takeHeadsBehindRows } from './heads-behind-rows.js';
import { computeInFloat32 } from './in-float32.js';
import { joinLinears } from './joined-linears.js';
import { gatherAtOnce } from './moves-as-gathers.js';
import { projectPositionsTogether } from './positions-of-layers.js';
import { shortenNormGradients } from './norm-gradients.js';
import { sumByProducts } from './sums-as-products.js';
import { joinParts } from './split-parts.js';
import { addStacks } from './stacked-additions.js';
import { sumTogether } from './sums-together.js';
import { inOrder, prune } from './used-nodes.js';

/**
 * Operators that ONNX Runtime's CUDA provider has for float32 and float16 and not for bfloat16. They move numbers and
 * change none, so that float32 gives the same.
 */
const withoutBfloat16: ReadonlySet<string> = new Set(['Pad']);

/**
 * Writes a graph in operators that ONNX Runtime has on CUDA, and in few of them: each takes the host some microseconds.
 * Its values, inputs and outputs keep their names; it may take more named sizes.
 */
export function useCudaOperators(graph: Graph): void {
  shortenNormGradients(graph);
  // Its sums are cuDNN's, which the host sets up at each run, for longer than they take.
  sumByProducts(graph);
  sumAtOnce(graph);
  joinLinears(graph);
  gatherAtOnce(graph);
  takeHeadsBehindRows(graph);
  chooseKept(graph);
  castChosen(graph);
  castBeforeChoices(graph);
  projectPositionsTogether(graph);
  mergeReshapes(graph);
  sumTogether(graph);
  mergeReshapes(graph);
  addStacks(graph);
  // Twice: what is put together of parts may itself be a part.
  for (let time = 0; time < 2; time++) {
    joinParts(graph);
    mergeReshapes(graph);
  }
  computeInFloat32(graph, new Set(['bfloat16']), ({ op, outputs }) => {
    return withoutBfloat16.has(op) && outputs[0]?.type === 'bfloat16';
  });
  graph.nodes.splice(0, graph.nodes.length, ...inOrder(graph.nodes));
  prune(graph);
}
