import { joinedParameters } from '../../graph/joined-linears.js';
import { rateKeyOf } from '../../optim/parameter-groups.js';
import { elementCount } from '../../runtime/elements.js';
import type { OptimizedParameter, TrainingProgram } from '../training-program.js';

/** What the update steps as one: several parameters of one rate and decay, or one alone, which keeps its name and shape. */
export interface Pack extends OptimizedParameter {
  readonly members: readonly OptimizedParameter[];
  /** Whether its first axis is its members, which have one shape; else their values lie one behind the other. */
  readonly stacked: boolean;
}

/** Where the values of a parameter lie in those of its pack. */
export interface Place {
  readonly pack: Pack;
  readonly from: number;
  readonly to: number;
}

/** Which parameters lie together; sizes in elements. */
export interface PackSizes {
  /** A larger parameter is alone: taking it apart would cost more than the launches that it saves. */
  readonly mostOfMember: number;
  readonly mostOfPack: number;
  readonly mostMembers: number;
  /** Whether a pack is a stack of what has one shape. */
  readonly stacked: boolean;
}

/** Parts of one size that CUDA's Split and Concat are handed with a launch; where there are more, they are copied. */
export const mostPartsOnCuda = 32;

export const packSizes = {
  /** A kernel sees a buffer in windows, which a pack is not to exceed. */
  webgpu: { mostOfMember: 4 * 2 ** 20, mostOfPack: 16 * 2 ** 20, mostMembers: Infinity, stacked: false },
  /**
   * Its Split and Concat have the host write down, at each run, for each entry of the axis which part it is of: a pack is
   * a stack, whose axis is its members.
   */
  cuda: {
    mostOfMember: 4 * 2 ** 20,
    mostOfPack: 64 * 2 ** 20,
    mostMembers: mostPartsOnCuda,
    stacked: true,
  },
} as const satisfies Record<string, PackSizes>;

/** The extents after its first of a pack of unlike members: sums are taken over one by one (update-program.ts). */
const inner = [128, 128] as const;

/**
 * How the parameters of a training lie together: a step of each by itself would be hundreds of parameters times a
 * score of nodes, and a launch each costs more than what it computes.
 */
export class Packing {
  readonly packs: readonly Pack[];
  private readonly places = new Map<string, Place>();

  /**
   * @param parameters those that are trained, in an order that packs keep
   * @param joined names of those that are read as one where they lie side by side (graph/joined-linears.ts); by default
   * there are none
   */
  constructor(
    parameters: readonly OptimizedParameter[],
    sizes: PackSizes,
    joined: readonly (readonly string[])[] = [],
  ) {
    const counts = new Map(joined.flatMap((names) => names.map((name) => [name, names.length] as const)));
    const joinedWith = ({ name }: OptimizedParameter): number =>
      sizes.stacked ? (counts.get(name) ?? 1) : 1;
    this.packs = together(parameters, sizes, joinedWith).map((members, place) =>
      packOf(members, place, sizes),
    );
    for (const pack of this.packs) {
      let from = 0;
      for (const { name, shape } of pack.members) {
        const to = from + elementCount(shape);
        this.places.set(name, { pack, from, to });
        from = to;
      }
    }
  }

  /** Of what a training trains, by what its graph reads as one. */
  static of({ parameters, graph }: Pick<TrainingProgram, 'parameters' | 'graph'>, sizes: PackSizes): Packing {
    const trained = parameters.filter(({ group }) => group.trained);
    return new Packing(trained, sizes, joinedParameters(graph));
  }

  placeOf(parameter: string): Place | undefined {
    return this.places.get(parameter);
  }
}

function together(
  parameters: readonly OptimizedParameter[],
  { mostOfMember, mostOfPack, mostMembers, stacked }: PackSizes,
  joinedWith: (parameter: OptimizedParameter) => number,
): OptimizedParameter[][] {
  const packs: OptimizedParameter[][] = [];
  const open = new Map<string, { readonly members: OptimizedParameter[]; room: number }>();
  for (const parameter of parameters) {
    const count = elementCount(parameter.shape);
    const all = joinedWith(parameter);
    // Of more than a pack holds some are in another one anyway.
    const joined = all <= mostMembers && all * count <= mostOfPack ? all : 1;
    const key = [rateKeyOf(parameter.group), joined, ...(stacked ? parameter.shape : [])].join();
    let pack = open.get(key);
    // None that are read as one are in two packs: the first of them finds room for all.
    const isFirst = (pack?.members.length ?? 0) % joined === 0;
    const needed = isFirst ? joined : 1;
    if (count > mostOfMember) packs.push([parameter]);
    else {
      if (pack === undefined || needed * count > pack.room || pack.members.length + needed > mostMembers) {
        pack = { members: [], room: mostOfPack };
        open.set(key, pack);
        packs.push(pack.members);
      }
      pack.members.push(parameter);
      pack.room -= count;
    }
  }
  return packs;
}

function packOf(members: readonly OptimizedParameter[], place: number, { stacked }: PackSizes): Pack {
  const [first] = members as readonly [OptimizedParameter];
  if (members.length === 1) return { ...first, members, stacked: false };
  const name = `pack ${place}`;
  const pack = { name, group: first.group, members, stacked };
  if (stacked) return { ...pack, shape: [members.length, ...first.shape] };
  const count = members.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  const shape = [Math.ceil(count / elementCount(inner)), ...inner];
  return { ...pack, shape };
}
