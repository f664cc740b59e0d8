import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { learnVocabulary } from '../../../engine/tokenization/vocabulary.js';
import { built, foldwise, withoutBuild } from '../built-command-line.js';
import { SmallProject } from '../small-project.js';

/** Its model takes 64 tokens. */
class ProjectOfCheckpoint extends SmallProject {
  constructor() {
    super();
    this.copy('test/golden/models/bert', 'model');
    this.write('model/tokenizer.json', learnVocabulary(['a b c'], { size: 60, type: 'bert' }));
    this.write('model/tokenizer_config.json', '{"tokenizer_class": "PreTrainedTokenizerFast"}');
    this.model('checkpoint: ./model');
  }

  async planned(...args: readonly string[]): Promise<string> {
    return (await foldwise(['plan', this.pipeline, '--workdir', this.workdir, ...args])).out;
  }
}

describe.skipIf(!built)(`the plan of a checkpoint${withoutBuild}`, { timeout: 120_000 }, () => {
  const project = new ProjectOfCheckpoint();
  afterAll(() => rmSync(project.folder, { recursive: true }));

  it('has so many tokens at most as are read: what the model takes where the pipeline has more', async () => {
    const shorter = await project.planned('--set', 'model.maxLength=60');
    expect(shorter).toMatch(/model, at most 60 tokens, /);
    expect(shorter).not.toContain('warning: model.maxLength');
    const longer = await project.planned('--set', 'model.maxLength=600');
    expect(longer).toMatch(/model, at most 64 tokens, /);
    expect(longer).toContain('warning: model.maxLength is 600, and the model takes 64 tokens at most');
  });
});
