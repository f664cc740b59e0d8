// Plays the trainer's child: does what the job's first label says.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

let stopping = false;
const send = (message) => new Promise((resolve) => process.send(message, resolve));
const outcome = (fold) => ({
  fold,
  bestEpoch: 1,
  epochs: [],
  rows: [],
  probabilities: '',
  model: {},
  seconds: { total: 0 },
  warnings: [],
});

const phase = (name, patienceSeconds, silent = false, more = {}) =>
  send({ type: 'phase', phase: name, patienceSeconds, silent, ...more });
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function play({ fold, labels: [scene], workDirectory }) {
  writeFileSync(join(workDirectory, 'pid'), String(process.pid));
  if (scene === 'prepare') {
    process.removeAllListeners('message');
    await phase('preparing', 600, true);
    await pause(600_000);
  }
  if (scene === 'tokenizer' || scene === 'tokenizer-killed') {
    await phase('tokenising', 600, true, { foreign: 'the tokenizer of /a/model' });
    process.kill(process.pid, scene === 'tokenizer' ? 'SIGABRT' : 'SIGKILL');
    await pause(600_000);
  }
  if (scene === 'tokenizer-slow') {
    await phase('tokenising', 0.3, true, { foreign: 'the tokenizer of /a/model' });
    await pause(600_000);
  }
  await send({ type: 'started', step: 0, steps: 2, epochs: 1, resumedFrom: 0 });
  if (scene === 'crash') process.kill(process.pid, 'SIGSEGV');
  if (scene === 'exit') process.exit(3);
  if (scene === 'environment')
    writeFileSync(join(workDirectory, 'environment.json'), JSON.stringify(process.env));
  if (scene === 'diverge') {
    await send({
      type: 'failed',
      name: 'DivergenceFault',
      message: 'the loss is not finite',
      retryable: false,
    });
    process.exit(0);
  }
  if (scene === 'deaf') process.removeAllListeners('message');
  if (scene === 'steps') {
    await phase('training', 60);
    for (let step = 1; ; step++) {
      await send({ type: 'step', epoch: 1, step, steps: 10_000, loss: 1, tokens: 32, secondsPerStep: 0.01 });
      await pause(20);
    }
  }
  if (scene === 'stuck') {
    await phase('judging', 0.3);
    setInterval(() => void send({ type: 'alive' }), 50);
    await pause(600_000);
  }
  if (scene === 'silent') {
    await phase('preparing', 60, true);
    await pause(1_000);
  }
  while (['wait', 'unkept', 'slow-checkpoint', 'deaf'].includes(scene) && !stopping) await pause(20);
  if (stopping) {
    if (scene === 'slow-checkpoint') {
      await phase('writing a checkpoint', 60);
      await pause(3_000);
    }
    if (scene !== 'unkept') {
      await send({ type: 'checkpoint', checkpoint: { step: 7 }, seconds: 0 });
      await send({ type: 'stopped', step: 7 });
    }
    process.exit(0);
  }
  await send({ type: 'finished', result: outcome(fold) });
  process.exit(0);
}

process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.on('message', (command) => {
  if (command.type === 'stop') stopping = true;
  else void play(command.job);
});
