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
  warnings: [],
});

async function play({ fold, labels: [scene], workDirectory }) {
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
  while (['wait', 'deaf'].includes(scene) && !stopping)
    await new Promise((resolve) => setTimeout(resolve, 20));
  if (stopping) {
    await send({ type: 'warning', message: 'checkpointed' });
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
