import type { Shape } from '../graph/shape.js';

/** The linear layers of an encoder's layer, by what they give; a family's names of them are its checkpoint's. */
export type LayerPart =
  | 'joint' // queries, keys and values of one matrix
  | 'query'
  | 'key'
  | 'value'
  | 'positionKey'
  | 'positionQuery'
  | 'context'
  | 'expand'
  | 'contract';

/**
 * What may be dropped in one place: each of them once, or once for each index. Their order decides which number a site
 * gets, so that it stays as it is; a kind that is new may stand anywhere, since no model has had it.
 */
const kinds = [
  'sum', // of the embeddings, normalised
  'joint.adapter',
  'query.adapter',
  'key.adapter',
  'value.adapter',
  'positions', // the relative embeddings
  'positionKey.adapter',
  'positionQuery.adapter',
  'probabilities', // of attention, for each group of texts
  'context.adapter',
  'attention', // what it gives
  'expand.adapter',
  'gate', // the inner values of a feed-forward that is gated
  'contract.adapter',
  'feedForward', // what it gives
  'convolution',
  'features', // of a text, as the head takes them
  'classifier', // what goes into the last layer, for each draw of it
] as const;

export type DropoutKind = (typeof kinds)[number];

/** Where something is dropped: on the embeddings, in the layer of a number as layers are applied, or above the last. */
export type DropoutPlace = 'embeddings' | number | 'head';

/** One place where dropout is drawn: a graph input of the masked value's shape, of that name. */
export interface DropoutSite {
  readonly place: DropoutPlace;
  readonly kind: DropoutKind;
  /** Of several of a kind in a place. */
  readonly index?: number | undefined;
  readonly name: string;
  readonly shape: Shape;
  readonly probability: number;
}

/** A site, and the number by which its draws are named (kernels/random-draws.ts). */
export interface NumberedSite extends DropoutSite {
  readonly number: number;
}

/** Such as `dropout:layer.3.probabilities.0`; in a model no two are called alike. */
export function siteName({ place, kind, index }: Pick<DropoutSite, 'place' | 'kind' | 'index'>): string {
  const where = typeof place === 'number' ? `layer.${place}` : place;
  return `dropout:${where}.${kind}${index === undefined ? '' : `.${index}`}`;
}

/**
 * The sites of a model in the order of their numbers: by place, kind and index, whatever the order in which the model
 * was built. What is frozen and cut off, or dropped at a rate of 0, is none and has no number.
 *
 * @throws TypeError where two have one name: their draws would be the same
 */
export function numbered(sites: readonly DropoutSite[]): readonly NumberedSite[] {
  const inOrder = [...sites].sort(
    (a, b) =>
      rankOf(a.place) - rankOf(b.place) ||
      kinds.indexOf(a.kind) - kinds.indexOf(b.kind) ||
      (a.index ?? 0) - (b.index ?? 0),
  );
  return inOrder.map((site, number) => {
    if (site.name === inOrder[number - 1]?.name) throw new TypeError(`two sites are called '${site.name}'`);
    return { ...site, number };
  });
}

function rankOf(place: DropoutPlace): number {
  if (place === 'embeddings') return -1;
  return place === 'head' ? Number.MAX_SAFE_INTEGER : place;
}
