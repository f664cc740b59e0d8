import { InputFault } from '../../errors/fault.js';
import type { Classifier } from '../models/family.js';
import type { Adapters } from './adapters.js';
import { Depths } from '../nn/depths.js';
import type { LayerSettings } from '../optim/parameter-groups.js';
import { parametersOf } from '../inference/parameters.js';

/** @throws InputFault where the model has fewer layers than the options speak of */
export function checkLayers(
  classifier: Classifier,
  { freezeLayers }: Pick<LayerSettings, 'freezeLayers'>,
  { reinitLayers, adapters }: { readonly reinitLayers: number; readonly adapters: Adapters | null },
): void {
  if (freezeLayers === null && reinitLayers === 0) return;
  const { layers } = new Depths(parametersOf(classifier));
  if (freezeLayers !== null && freezeLayers > layers)
    throw tooMany('training.freezeLayers', freezeLayers, `at most ${layers}, the layers of the model`);
  if (freezeLayers !== null && freezeLayers === layers && adapters !== null)
    throw tooMany(
      'training.freezeLayers',
      freezeLayers,
      `fewer than ${layers}: no layer would get an adapter`,
    );
  if (reinitLayers >= layers)
    throw tooMany('training.reinitLayers', reinitLayers, `fewer than ${layers}, the layers of the model`);
  if (freezeLayers !== null && freezeLayers + reinitLayers > layers)
    throw tooMany(
      'training.freezeLayers',
      freezeLayers,
      `at most ${layers - reinitLayers}: the ${reinitLayers} layers above begin with random weights, which must be trained`,
    );
}

function tooMany(where: string, found: number, expected: string): InputFault {
  return new InputFault({
    where,
    what: 'the model has not so many layers (those that share their weights count once)',
    found: String(found),
    expected,
    remedy: `Lower ${where}.`,
  });
}
