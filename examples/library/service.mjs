// A service of your own: POST a JSON array of texts, get what the ensemble says of each.
//   node service.mjs RUN_OR_FOLDER [PORT]
import { once } from 'node:events';
import { createServer } from 'node:http';
import { loadEnsemble } from 'foldwise';

const [folder, port = '8080'] = process.argv.slice(2);
const mostBytes = 1024 * 1024;

const ensemble = await loadEnsemble(folder);
const server = createServer(async (request, response) => {
  const answer = (status, value) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  };
  try {
    answer(200, await ensemble.predict(JSON.parse(await bodyOf(request))));
  } catch (error) {
    // A TypeError says what is no list of texts, an InputFault which text is too long; neither quotes one.
    answer(400, { error: error.message });
  }
});

/** Bounded: whoever sends it is a stranger. */
async function bodyOf(request) {
  const parts = [];
  let bytes = 0;
  for await (const part of request) {
    bytes += part.length;
    if (bytes > mostBytes) throw new RangeError(`the body is larger than ${mostBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
console.log(`http://127.0.0.1:${server.address().port} labels texts with ${ensemble.labels.join(', ')}`);

await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
server.close();
server.closeIdleConnections();
await once(server, 'close');
await ensemble.close();
