import { Graph } from '../../graph/graph.js';
import type { Value } from '../../runtime/runtime.js';
import type { Device } from '../device.js';
import { programOf, type Program } from '../program.js';
import { Sessions } from '../sessions.js';
import { takenApart } from './pack-nodes.js';
import type { Pack } from './packing.js';
import { ResidentTensors } from './resident-tensors.js';

type Named = ReadonlyMap<string, Value>;

/** The members of packs by themselves, as forward runs are fed them: copies on the device, made when they are asked for. */
export class MembersApart {
  private readonly packs: readonly Pack[];
  private readonly program: Program;
  private readonly sessions: Sessions;
  private readonly copies = new Map<
    string,
    { readonly resident: ResidentTensors; readonly made: Promise<Named> }
  >();

  /** @param mostOutputs of a node */
  constructor(
    private readonly device: Device,
    packs: readonly Pack[],
    mostOutputs: number,
  ) {
    this.packs = packs.filter(({ members }) => members.length > 1);
    this.program = apartProgram(this.packs, mostOutputs);
    this.sessions = new Sessions(device);
  }

  /** @param kind of arrays @param valueOf those of packs, as they are */
  of(kind: string, valueOf: (pack: Pack) => Value): Promise<Named> {
    const known = this.copies.get(kind);
    if (known !== undefined) return known.made;
    const resident = new ResidentTensors(this.device);
    const made = this.make(resident, valueOf);
    this.copies.set(kind, { resident, made });
    return made;
  }

  /** Gives the copies back: they are of what was. */
  drop(): void {
    for (const { resident } of this.copies.values()) resident.release();
    this.copies.clear();
  }

  release(): void {
    this.drop();
    this.sessions.release();
  }

  private async make(resident: ResidentTensors, valueOf: (pack: Pack) => Value): Promise<Named> {
    const session = await this.sessions.of(this.program);
    const members = this.packs.flatMap((pack) => pack.members);
    const copies = await resident.named(new Map(members.map(({ name, shape }) => [name, shape])));
    const packed = this.packs.map((pack) => [pack.name, valueOf(pack)] as const);
    await session.run(Object.fromEntries(packed), Object.fromEntries(copies));
    return copies;
  }
}

function apartProgram(packs: readonly Pack[], mostOutputs: number): Program {
  const graph = new Graph();
  for (const pack of packs) {
    const packed = graph.input(pack.name, 'float32', pack.shape);
    const members = takenApart(graph, packed, pack, mostOutputs);
    pack.members.forEach(({ name }, place) => graph.output(name, members[place]!));
  }
  return programOf(graph, 'apart');
}
