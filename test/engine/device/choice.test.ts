import { describe, expect, it } from 'vitest';
import { deviceForm, oneDevice, parseDevices } from '../../../engine/device/choice.js';

const parsed = (text: string): unknown => parseDevices(text, '--device');

describe('devices that a person names', () => {
  it.each([
    ['auto', 'auto'],
    ['cpu', ['cpu']],
    ['webgpu', ['webgpu']],
    ['cuda', ['cuda:0']],
    ['cuda:1', ['cuda:1']],
    ['cuda:0,cuda:1', ['cuda:0', 'cuda:1']],
    [' cuda:01 , cpu ', ['cuda:1', 'cpu']],
  ])('%s', (text, expected) => {
    expect(parsed(text)).toEqual(expected);
  });

  it.each([
    '',
    'gpu',
    'CUDA',
    'cuda:',
    'cuda:-1',
    'cuda:64',
    'cuda:100',
    'cpu:0',
    'cpu,',
    'auto,cpu',
    'cuda:0;rm',
  ])('none of them is %j', (text) => {
    expect(() => parsed(text)).toThrow(`--device: there is no device of that name`);
    expect(() => parsed(text)).toThrow(deviceForm);
  });

  it.each([
    ['cpu,cpu', 'cpu'],
    ['cuda,cuda:0', 'cuda:0'],
  ])('each once: %s', (text, twice) => {
    expect(() => parsed(text)).toThrow(new RegExp(`--device: a device is named twice[^]*${twice}`));
  });

  it('one of them, where one alone is used', () => {
    const one = (text: string): unknown => oneDevice(parseDevices(text, '--device'), '--device');
    expect(['auto', 'cuda', 'webgpu'].map(one)).toEqual(['auto', 'cuda:0', 'webgpu']);
    expect(() => one('cuda:0,cuda:1')).toThrow(
      '--device: several devices are named; found cuda:0, cuda:1; expected one',
    );
  });
});
