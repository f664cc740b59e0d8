import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { place } from './transformers-js.js';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
};

const minutes = 60_000;

/** Serves folders by the first name of a path, and pages by their paths, on this machine alone. */
export function served(
  folders: Readonly<Record<string, string>>,
  pages: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? '/', 'http://x').pathname);
    const page = pages[path];
    const type = types[extname(path)];
    if (page !== undefined) return response.writeHead(200, { 'content-type': type ?? 'text/html' }).end(page);
    const [, name = '', ...rest] = path.split('/');
    const folder = folders[name];
    const file = join(folder ?? '', ...rest);
    if (folder === undefined || !existsSync(file) || !statSync(file).isFile())
      return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': type ?? 'application/octet-stream' });
    createReadStream(file).pipe(response);
  });
  return new Promise((done) => server.listen(0, '127.0.0.1', () => done(server)));
}

export function originOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A page that runs a module which imports transformers.js. */
export class ModulePage implements AsyncDisposable {
  private constructor(
    private readonly server: Server,
    private readonly browser: Browser,
    readonly tab: Page,
    /** What the module has logged, each as JSON has it. */
    readonly logged: readonly unknown[],
  ) {}

  /** @param folders of this machine, by the name that the page has them under */
  static async open(
    executablePath: string,
    module: string,
    folders: Readonly<Record<string, string>>,
  ): Promise<ModulePage> {
    const imports = {
      '@huggingface/transformers': '/modules/@huggingface/transformers/dist/transformers.min.js',
    };
    // transformers.js takes ONNX Runtime from elsewhere on the network, unless a page says where it is.
    const page = `<script type="importmap">${JSON.stringify({ imports })}</script>
      <script type="module">
        import { env } from '@huggingface/transformers';
        env.backends.onnx.wasm.wasmPaths = location.origin + '/modules/onnxruntime-web/dist/';
        env.backends.onnx.wasm.numThreads = 1;
        await import('/module.mjs');
      </script>`;
    const modules = join(place, 'node_modules');
    const server = await served({ ...folders, modules }, { '/': page, '/module.mjs': module });
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
    const tab = await browser.newPage();
    tab.setDefaultTimeout(5 * minutes);
    const logged: unknown[] = [];
    tab.on('console', (message) => {
      if (message.type() !== 'log') return;
      void message
        .args()[0]
        ?.jsonValue()
        .then((value) => logged.push(value));
    });
    await tab.goto(`${originOf(server)}/`);
    return new ModulePage(server, browser, tab, logged);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.browser.close();
    this.server.close();
  }
}
