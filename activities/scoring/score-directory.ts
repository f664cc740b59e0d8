import { OwnedDirectory } from '../owned-directory.js';
import type { Services } from '../services.js';

/** What a scoring's folder stands on. */
export type ScoreServices = Pick<Services, 'store' | 'scoresDirectory' | 'results'>;

/** The folder of one scoring of a table. */
export class ScoreDirectory extends OwnedDirectory {
  constructor({ store, scoresDirectory, results }: ScoreServices, score: string) {
    super(store, scoresDirectory, score, 'score', results?.scores ?? null);
  }
}
