import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { expect, it } from 'vitest';
import { WorkerMetrics } from '../../../worker/metrics/worker-metrics.js';
import { sdkMetricsUp } from '../../../worker/metrics/sdk-metrics.js';

const path = join(import.meta.dirname, '../../../docs/operations.md');
const begin = '<!-- made from the code: npx vitest run test/worker/metrics/documented.test.ts -u -->';
const end = '<!-- end -->';

it('docs/operations.md has every metric as it is (renew it with the command that stands there)', async () => {
  const text = readFileSync(path, 'utf8');
  const [before = '', rest = ''] = text.split(begin);
  const after = rest.slice(rest.indexOf(end));
  const rows = [...new WorkerMetrics().instruments, sdkMetricsUp(() => true)].map(({ definition }) => {
    const labels = definition.labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${definition.name}\` | ${definition.type} | ${labels} | ${definition.help} |`;
  });
  const table = ['| name | type | labels | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const whole = `${before}${begin}\n\n${table}\n\n${after}`;
  const formatted = await format(whole, { parser: 'markdown', printWidth: 110, singleQuote: true });
  await expect(formatted).toMatchFileSnapshot(path);
});
