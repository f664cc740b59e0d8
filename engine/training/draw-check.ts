import { InputFault } from '../../errors/fault.js';
import { oneDraw, type DrawSettings } from '../losses/settings.js';
import type { Classifier } from '../models/family.js';
import { trainingGraph } from './graphs.js';

/** @throws InputFault where draws that the options ask for would all be alike, since the model drops nothing there */
export function checkDraws(classifier: Classifier, { dropoutSamples, rDrop }: DrawSettings): void {
  if (rDrop > 0 && sitesOf(classifier, 1) === 0) throw alike('training.rDrop', rDrop, 'anywhere');
  if (dropoutSamples > 1 && sitesOf(classifier, dropoutSamples) === sitesOf(classifier, 1))
    throw alike('training.dropoutSamples', dropoutSamples, 'before its last layer');
}

function sitesOf(classifier: Classifier, dropoutSamples: number): number {
  return trainingGraph(classifier, {
    groups: 1,
    vocabulary: 1,
    loss: 'binaryCrossEntropy',
    dropout: true,
    draws: { ...oneDraw, dropoutSamples },
  }).dropoutSites.length;
}

function alike(where: string, found: number, place: string): InputFault {
  return new InputFault({
    where,
    what: `the model has no dropout ${place}, so that all draws of it would be alike`,
    found: String(found),
    remedy: `Leave ${where} out, or give the model's config.json a rate of dropout there.`,
  });
}
