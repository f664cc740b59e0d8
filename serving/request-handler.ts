import type { IncomingMessage, ServerResponse } from 'node:http';
import { expositionType } from '../telemetry/instruments.js';
import type { Access } from './access.js';
import { json, refusalAnswer, send, type Answer } from './answer.js';
import type { Batcher } from './batcher.js';
import { Bodies } from './body.js';
import { elsewhere, endpoints, type Endpoint } from './endpoints.js';
import { inferenceAnswer, inferenceFault, info, readInference } from './inference.js';
import type { BatchingOptions, ServingLimits } from './limits.js';
import type { ServingMetrics } from './metrics.js';
import { predictions, readTexts } from './predict.js';
import { internal, Refusal, unavailable } from './refusal.js';
import type { About } from './served.js';

/** One request, told in the log; nothing of its texts. */
export interface RequestEntry {
  readonly endpoint: string;
  readonly method: string;
  readonly status: number;
  readonly texts: number;
  readonly seconds: number;
}

/** What is there to answer with: nothing before the models are loaded. */
export interface Engine {
  readonly about: About;
  readonly batcher: Batcher;
}

export interface HandlerOptions {
  readonly limits: ServingLimits;
  readonly batching: BatchingOptions;
  readonly access: Access;
  readonly metrics: ServingMetrics;
  /** @throws Refusal where there is none, or no more */
  readonly engine: () => Engine;
  readonly onAnswered: (entry: RequestEntry) => void;
  /** Told what was not foreseen. */
  readonly onFault: (fault: unknown) => void;
}

/** Answers requests, one call for each. */
export class RequestHandler {
  /** Requests for predictions that have not been answered yet. */
  open = 0;
  private readonly bodies: Bodies;

  constructor(private readonly options: HandlerOptions) {
    this.bodies = new Bodies(options.limits);
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const { metrics, onAnswered, access } = this.options;
    const [path = '/'] = (request.url ?? '/').split('?');
    const endpoint = endpoints.get(path) ?? elsewhere;
    const counted = { texts: 0 };
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    response.on('error', () => undefined);
    const predicts = endpoint.methods.includes('POST');
    if (predicts) this.open += 1;
    let answer: Answer;
    try {
      access.allowOrigin(request.headers, response);
      answer = await this.answer(endpoint, request, response, gone.signal, counted);
    } catch (fault) {
      answer = this.refuse(endpoint, fault);
    }
    try {
      const seconds = (performance.now() - started) / 1000;
      // A client that left is told nothing; 499 is what proxies count it as.
      const status = gone.signal.aborted ? 499 : answer.status;
      metrics.requests.add(1, { endpoint: endpoint.name, status: String(status) });
      if (predicts) metrics.requestSeconds.observe(seconds);
      onAnswered({ endpoint: endpoint.name, method: request.method ?? '', status, seconds, ...counted });
      await send(request, response, answer);
    } catch (fault) {
      this.options.onFault(fault);
      response.destroy();
    } finally {
      if (predicts) this.open -= 1;
    }
  }

  private async answer(
    endpoint: Endpoint,
    request: IncomingMessage,
    response: ServerResponse,
    gone: AbortSignal,
    counted: { texts: number },
  ): Promise<Answer> {
    const { access, metrics } = this.options;
    if (endpoint === elsewhere) throw unknownPath();
    const method = request.method ?? '';
    if (method === 'OPTIONS' && access.answersBrowsers)
      return { status: 204, type: 'text/plain', body: '', headers: access.preflight };
    if (!endpoint.methods.includes(method)) throw wrongMethod(endpoint);
    if (endpoint.open !== true) access.require(request.headers);
    switch (endpoint.name) {
      case 'health':
        return json({ status: 'alive' });
      case 'ready':
        this.options.engine();
        return json({ status: 'ready' });
      case 'metrics':
        return { status: 200, type: expositionType, body: metrics.render() };
      case 'info': {
        const { batching, limits } = this.options;
        return json(info(this.options.engine().about, batching, limits));
      }
      default:
        return this.predict(endpoint, request, response, gone, counted);
    }
  }

  private async predict(
    { name }: Endpoint,
    request: IncomingMessage,
    response: ServerResponse,
    gone: AbortSignal,
    counted: { texts: number },
  ): Promise<Answer> {
    const { limits, engine, metrics } = this.options;
    const { about, batcher } = engine();
    const body = await this.bodies.read(request, () => {
      if (request.headers.expect !== undefined) response.writeContinue();
    });
    const asked =
      name === 'predict' ? readInference(body, limits) : { texts: readTexts(body, limits), batch: true };
    counted.texts = asked.texts.length;
    const scored = await batcher.score(asked.texts, gone);
    metrics.texts.add(asked.texts.length);
    return json(name === 'predict' ? inferenceAnswer(about, scored, asked) : predictions(about, scored));
  }

  private refuse({ name }: Endpoint, fault: unknown): Answer {
    const refusal = fault instanceof Refusal ? fault : this.unforeseen(fault);
    return refusalAnswer(refusal, name === 'predict' ? inferenceFault(refusal) : undefined);
  }

  private unforeseen(fault: unknown): Refusal {
    // A client that left while its body was read.
    if (fault instanceof Error && 'code' in fault && fault.code === 'ECONNRESET')
      return unavailable('the request was given up');
    this.options.onFault(fault);
    return internal(fault);
  }
}

function unknownPath(): Refusal {
  return new Refusal(404, {
    where: 'the path of the request',
    what: 'there is nothing here',
    expected: [...endpoints.keys()].join(', '),
  });
}

function wrongMethod({ methods }: Endpoint): Refusal {
  const details = {
    where: 'the method of the request',
    what: 'it is another one',
    expected: methods.join(', '),
  };
  return new Refusal(405, details, { headers: { Allow: methods.join(', ') } });
}
