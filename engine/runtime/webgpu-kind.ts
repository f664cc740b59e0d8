import type { ProviderKind } from './provider-kind.js';

export const webGpuKind: ProviderKind = {
  title: 'WebGPU',
  memory: 'WebGPU_Buf',
  hasViews: false,
  expected: 'a graphics driver: Vulkan on Linux, Metal on macOS, Direct3D 12 on Windows',
  remedy:
    'Install the driver of the card, and on Linux libvulkan1; docs/devices.md says how, and how to try without a card.',
  prepare: () => undefined,
  optionsOf: (_, { onProcessor }) => ({
    // Its own layout, for convolutions, would move transpositions about, and the sizes that stand behind them.
    preferredLayout: 'NCHW',
    // Else a Cast of positions goes to the processor. With it, sizes would go to the device, and each be waited for.
    enableInt64: '1',
    ...(onProcessor.size > 0 && { forceCpuNodeNames: [...onProcessor].join('\n') }),
  }),
  append: (api, session, { keys, values, count }) =>
    api.appendProvider.async(session, 'WebGPU', keys, values, count),
  // It tells the log alone (device-log.ts).
  deviceFault: () => null,
};
