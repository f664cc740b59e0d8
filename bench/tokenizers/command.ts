import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { idsOfKind } from './campaign.js';
import { tokenizerKinds } from './kinds.js';
import { campaignTexts, maxLength } from './texts.js';

interface TokenizersOptions {
  readonly model: readonly string[];
  readonly out?: string;
}

/** `tokenizers`: the ids of every kind of tokenizer, to be compared with those of the libraries. */
export function addTokenizers(program: Command): void {
  program
    .command('tokenizers')
    .description('Tokenises ten thousand texts with every kind of tokenizer, and keeps the ids.')
    .option('--model <folder...>', 'real models besides, by their folders', [])
    .option('--out <folder>', 'keeps files, texts and ids for bench/tokenizers/reference.py')
    .action(async ({ model, out }: TokenizersOptions) => {
      const folder = out === undefined ? mkdtempSync(join(tmpdir(), 'foldwise-tokenizers-')) : resolve(out);
      const texts = campaignTexts();
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'texts.json'), JSON.stringify({ maxLength, texts }));
      const models = Object.fromEntries(model.map((path) => [basename(resolve(path)), resolve(path)]));
      for (const [number, kind] of tokenizerKinds(models).entries()) {
        const place = join(folder, String(number));
        const began = performance.now();
        const { own, exported } = await idsOfKind(kind, texts, place);
        const seconds = (performance.now() - began) / 1000;
        const plain = (ids: readonly Int32Array[]): number[][] => ids.map((each) => [...each]);
        const { name, truth, isOurs } = kind;
        const kept = { name, truth, isOurs, own: plain(own), exported: plain(exported) };
        writeFileSync(join(place, 'ids.json'), JSON.stringify(kept));
        console.log(`${kind.name}: ${texts.length} texts twice in ${seconds.toFixed(1)} s`);
      }
      if (out === undefined) rmSync(folder, { recursive: true });
    });
}
