/** Union-find over 0 … n − 1: the least of a set stands for it (Tarjan, 1975; paths are halved). */
export class DisjointSets {
  private readonly parents: Int32Array;

  constructor(size: number) {
    this.parents = Int32Array.from({ length: size }, (_, member) => member);
  }

  /** The member that stands for the set. */
  find(member: number): number {
    const { parents } = this;
    let at = member;
    while (parents[at] !== at) at = parents[at] = parents[parents[at]!]!;
    return at;
  }

  union(one: number, other: number): void {
    const [first, second] = [this.find(one), this.find(other)];
    this.parents[Math.max(first, second)] = Math.min(first, second);
  }

  /** By member, the least of its set. */
  leasts(): Int32Array {
    return this.parents.map((_, member) => this.find(member));
  }
}
