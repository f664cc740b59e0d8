// Writes report.md and report.json of what run.sh left in a folder: node report.mjs FOLDER DEVICE
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, device] = process.argv.slice(2);
const read = (name) => {
  const path = join(folder, `${name}.json`);
  try {
    return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : null;
  } catch {
    return null;
  }
};

const parts = readFileSync(join(folder, 'parts'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [kind, name, code, seconds, limit] = line.split(' ');
    const found = read(name);
    return {
      ...{ kind, name, passed: code === '0', tookTooLong: code === '124' || code === '137' },
      ...{ seconds: Number(seconds), limit: Number(limit) },
      ...(kind === 'tests' ? { tests: counts(found) } : { measured: found }),
    };
  });
const sides = parts.flatMap(({ measured }) => measured?.networks?.map(({ sides }) => sides.ours) ?? []);
const { card = null, driver = null } = sides[0] ?? {};
const report = { device, card, driver, parts };
writeFileSync(join(folder, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
writeFileSync(join(folder, 'report.md'), page());
console.log(page());

function counts(found) {
  if (found === null) return null;
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = found;
  const failures = found.testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName, failureMessages }) => ({
      test: fullName,
      message: failureMessages[0]?.split('\n')[0] ?? '',
    }));
  return { passed, failed, skipped, failures };
}

function page() {
  return [
    `# ${device}: ${card ?? 'no card was told'}${driver === null ? '' : `, ${driver}`}`,
    '',
    '| part | | seconds | limit | passed | failed | skipped |',
    '| --- | --- | ---: | ---: | ---: | ---: | ---: |',
    ...parts.map(({ name, passed, tookTooLong, seconds, limit, tests }) => {
      const end = passed ? 'whole' : tookTooLong ? 'TOOK TOO LONG' : 'FAILED';
      const { passed: good = '', failed = '', skipped = '' } = tests ?? {};
      return `| ${name} | ${end} | ${seconds} | ${limit} | ${good} | ${failed} | ${skipped} |`;
    }),
    '',
    ...parts.flatMap(
      ({ tests }) => tests?.failures?.map(({ test, message }) => `- ${test}: ${message}`) ?? [],
    ),
    '',
    ...parts.flatMap(({ measured }) => measured?.networks?.flatMap(steps) ?? []),
  ].join('\n');
}

function steps({ network, precision, sides, ratios, targets }) {
  const number = (value, digits = 3) => (typeof value === 'number' ? value.toFixed(digits) : '–');
  const mebibytes = (bytes) => (typeof bytes === 'number' ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : '–');
  return [
    `## ${network}, ${precision}`,
    '',
    '| side | on | seconds a step | the first | host | waiting | nothing queued | computing | launches | on the device | counted | by ours |',
    `| --- | --- |${' ---: |'.repeat(10)}`,
    ...Object.entries(sides).map(([name, side]) => {
      const share = (value) => (typeof value === 'number' ? `${(100 * value).toFixed(0)} %` : '–');
      return `| ${name} | ${side.device} ${side.precision} | ${[
        ...[side.seconds.median, side.firstSeconds, side.hostSeconds, side.waitingSeconds].map((each) =>
          number(each),
        ),
        ...[share(side.emptyShare), share(side.kernelShare), number(side.launches, 0)],
        ...[mebibytes(side.deviceBytes), mebibytes(side.counted?.total), number(ratios[name]?.median, 2)],
      ].join(' | ')} |`;
    }),
    '',
    ...targets.map(
      ({ what, target, measured, met }) =>
        `- ${met ? 'met' : 'NOT met'}: ${measured.toFixed(2)} ${what} (target ${target})`,
    ),
    '',
  ];
}
