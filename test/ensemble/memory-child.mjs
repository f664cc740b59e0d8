// Opens an ensemble, scores some texts and says the most memory that it has held: node memory-child.mjs DEFINITION.
import { readFileSync } from 'node:fs';
import { Ensemble } from '../../dist/ensemble/ensemble.js';

const ensemble = await Ensemble.open(JSON.parse(process.argv[2]), { threads: 1 });
await ensemble.score(['a text', 'and one that is longer than the other']);
const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
process.stdout.write(String(1024 * Number(kilobytes)));
await ensemble.release();
