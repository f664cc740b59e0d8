import { NamespaceNotFoundError, WorkflowNotFoundError } from '@temporalio/common';
import { ScheduleNotFoundError } from '@temporalio/client';
import { describe, expect, it } from 'vitest';
import { explain } from '../../cli/foreign-failure.js';

const system = (code: string, facts: object = {}): Error =>
  Object.assign(new Error(`${code}: raw words of Node, open 'x'`), { code, syscall: 'open', ...facts });

const grpc = (code: number, details: string): Error =>
  Object.assign(new Error(`${code} RAW: ${details}`), { code, details });
const native = (code: number, message: string): Error =>
  Object.assign(new Error(message), { name: 'ServiceError', code, details: '' });

describe('what is not ours', () => {
  it.each([
    [
      new ScheduleNotFoundError('raw words', 'nightly'),
      /^schedule nightly: the server knows no such schedule/,
    ],
    [new NamespaceNotFoundError('x'), /^namespace x: the server does not know it.*TEMPORAL_NAMESPACE/],
    [new WorkflowNotFoundError('workflow execution already completed', 'a', undefined), /^run a has ended/],
    [new WorkflowNotFoundError('raw words', 'a', undefined), /^run a: the server knows no such run/],
    [grpc(14, 'raw words'), /stopped answering/],
    // Of a worker's connection: its message has no number.
    [native(14, 'raw words'), /stopped answering/],
    [grpc(4, 'raw words'), /did not answer in time/],
    [grpc(7, 'raw words'), /TEMPORAL_API_KEY/],
    [grpc(16, 'raw words'), /TEMPORAL_API_KEY/],
    [grpc(13, 'raw words'), /fault of its own/],
    [grpc(3, 'the id is too long'), /refuses the request as it is: the id is too long/],
    [system('EROFS', { path: '/data/x' }), /^\/data\/x: the file system is read-only\. /],
    [system('ENOTDIR', { path: '/data/x' }), /^\/data\/x: a part of the path is a file/],
    [
      system('ENOSPC', { path: '/data/x' }),
      /^\/data\/x: no space is left on the device\. Free some space there, or choose another folder\./,
    ],
    [system('EADDRINUSE', { address: '::', port: 80 }), /^:::80: another program has the port/],
    [system('ECONNREFUSED', { address: '127.0.0.1', port: 1 }), /^127\.0\.0\.1:1: nothing listens there/],
    [system('ENOTFOUND', { hostname: 'no.where' }), /^no\.where: no machine of that name/],
  ])('is told in words of ours, with what to do: %s', (error, words) => {
    expect(explain(error)).toMatch(words);
    expect(explain(error)).not.toMatch(/raw words/i);
  });

  it('is left to others where nobody knows it', () => {
    for (const error of [new Error('x'), system('EODD'), Object.assign(new Error('x'), { code: 3 })])
      expect(explain(error)).toBeNull();
  });
});
