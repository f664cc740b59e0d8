/** What a path is for. */
export interface Endpoint {
  /** As it is told in metrics and the log. */
  readonly name: string;
  readonly methods: readonly string[];
  /** Asked by whoever looks after the process, who needs no token. */
  readonly open?: true;
}

const get = ['GET', 'HEAD'];

/** A classifier of text-embeddings-inference answers at these places, too. */
export const endpoints: ReadonlyMap<string, Endpoint> = new Map<string, Endpoint>([
  ['/v1/predict', { name: 'v1/predict', methods: ['POST'] }],
  ['/predict', { name: 'predict', methods: ['POST'] }],
  ['/', { name: 'predict', methods: ['POST'] }],
  ['/health', { name: 'health', methods: get, open: true }],
  ['/ready', { name: 'ready', methods: get, open: true }],
  ['/info', { name: 'info', methods: get }],
  ['/metrics', { name: 'metrics', methods: get }],
]);

/** Of anything else: a path may hold whatever somebody wrote there. */
export const elsewhere: Endpoint = { name: 'other', methods: [] };
