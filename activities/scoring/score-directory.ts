import { OwnedDirectory } from '../owned-directory.js';
import type { Services } from '../services.js';

/** The folder of one scoring of a table. */
export class ScoreDirectory extends OwnedDirectory {
  constructor({ store, scoresDirectory }: Pick<Services, 'store' | 'scoresDirectory'>, score: string) {
    super(store, scoresDirectory, score, 'score');
  }
}
