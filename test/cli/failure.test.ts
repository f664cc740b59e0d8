import { describe, expect, it } from 'vitest';
import { CommandFailure, Interrupted, exitCode, renderFailure } from '../../cli/failure.js';
import { InputFault } from '../../errors/fault.js';

describe('the message of an error', () => {
  it('is the fault with its remedy, without a stack', () => {
    const fault = new InputFault({
      where: 'train.csv',
      what: 'no text column',
      found: 'id',
      remedy: 'Set data.text.',
    });
    expect(renderFailure(fault, { debug: false })).toBe(
      'error: train.csv: no text column; found id. Set data.text.',
    );
  });

  it('keeps the lines of a fault that lists many', () => {
    const fault = new InputFault({
      where: 'p.yaml',
      what: 'two faults\n  p.yaml:1:1 a\n  p.yaml:2:1 b\u001b[2J',
    });
    expect(renderFailure(fault, { debug: false }).split('\n')).toEqual([
      'error: p.yaml: two faults',
      '  p.yaml:1:1 a',
      '  p.yaml:2:1 b [2J',
    ]);
  });

  it('joins the causes of an error that nobody knows in one line, and says so', () => {
    const error = new Error('cannot connect', { cause: new Error('no way\nto 127.0.0.1') });
    expect(renderFailure(error, { debug: false })).toBe(
      'error: not foreseen: cannot connect: no way to 127.0.0.1 (--debug shows where)',
    );
  });

  it('is that of the operating system in words of ours, however deep it is', () => {
    const cause = Object.assign(new Error('ENOSPC: raw'), { code: 'ENOSPC', path: '/data/x' });
    expect(renderFailure(new Error('raw', { cause }), { debug: false })).toBe(
      'error: /data/x: no space is left on the device. Free some space there, or choose another folder.',
    );
  });

  it('has the stack of the error and of its cause with --debug', () => {
    const text = renderFailure(new Error('a', { cause: new Error('b') }), { debug: true });
    expect(text).toMatch(/^Error: a\n\s+at [^]*caused by Error: b\n\s+at /);
  });

  it('takes what is not an error', () => {
    expect(renderFailure('odd', { debug: false })).toBe('error: odd');
  });

  it('is not called an error where somebody asked to stop', () => {
    const stopped = new Interrupted('Stopped.');
    expect([renderFailure(stopped, { debug: true }), exitCode(stopped)]).toEqual(['Stopped.', 130]);
  });

  it('goes with an exit code of 1, or the one the command chose', () => {
    expect([exitCode(new Error('x')), exitCode(new CommandFailure('x', 3))]).toEqual([1, 3]);
  });
});

describe('a server that is gone', () => {
  it('is told with what to do, not in gRPC words', () => {
    const cause = Object.assign(new Error('14 UNAVAILABLE: connect ECONNREFUSED 127.0.0.1:1'), { code: 14 });
    const message = renderFailure(new Error('Failed to describe workflow', { cause }), { debug: false });
    expect(message).toBe(
      'error: the Temporal server stopped answering; nothing that was recorded is lost. Run the same command again.',
    );
  });
});
