import type { RunResult } from './run-result.js';

/** What of the exported folder a card tells of. */
export interface CardedFolder {
  /** The folders of the models, by path within it. */
  readonly models: readonly string[];
  /** The graph of the whole ensemble; null where there is none. */
  readonly graph: string | null;
  /** What was not written, and why. */
  readonly notes: readonly string[];
  /** Tokens that are kept of a text, by the model that keeps the most. */
  readonly maxLength: number;
}

/** How the folder is used: what stands in its card, and is run by tests as it stands there. */
export function usageSections(
  { configuration }: Pick<RunResult, 'configuration'>,
  { models, graph }: CardedFolder,
): string[] {
  const [first] = models as [string, ...string[]];
  return [
    '## How to use it',
    'The snippets are to be run in this folder. `ensemble.json` has the labels in their order, the thresholds, and every file with its hash; `foldwise export --verify .` compares them.',
    'The whole ensemble, with foldwise on the command line:',
    fenced('sh', 'foldwise predict . texts.csv --output labels.csv'),
    'and in Node:',
    fenced('js', nodeSnippet),
    ...(graph === null
      ? []
      : [
          'In Python, by ONNX Runtime; means, calibration and thresholds are a part of the graph:',
          fenced('python', graphSnippet(graph, first)),
        ]),
    `One of its ${models.length} models alone, with transformers (no mean, calibration or thresholds; those stand under \`foldwise\` in its \`config.json\`):`,
    fenced('python', pythonSnippet(first, configuration.task)),
    'and with transformers.js in Node or a browser. It cuts a text that is too long without putting the last special token back, so keep texts within the length:',
    fenced('js', browserSnippet(first)),
  ];
}

const nodeSnippet = `import { loadEnsemble } from 'foldwise';

const ensemble = await loadEnsemble('.');
const [prediction] = await ensemble.predict(['What a lovely day!']);
console.log(prediction.labels, prediction.probabilities);
await ensemble.close();`;

function graphSnippet(graph: string, model: string): string {
  return `import json
import numpy
import onnxruntime
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("${model}")
session = onnxruntime.InferenceSession("${graph}")
tokens = tokenizer(["What a lovely day!"], truncation=True, padding=True, return_tensors="np")
inputs = {each.name: numpy.asarray(tokens[each.name], dtype="int64") for each in session.get_inputs()}
probabilities, decisions = session.run(["probabilities", "decisions"], inputs)
labels = json.load(open("ensemble.json", encoding="utf-8"))["labels"]
for label, probability, decision in zip(labels, probabilities[0], decisions[0]):
    print(label["name"], float(probability), bool(decision))`;
}

function pythonSnippet(model: string, task: RunResult['configuration']['task']): string {
  const activation = task === 'multi-label' ? 'sigmoid()' : 'softmax(-1)';
  return `import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained("${model}")
model = AutoModelForSequenceClassification.from_pretrained("${model}").eval()
tokens = tokenizer(["What a lovely day!"], truncation=True, padding=True, return_tensors="pt")
with torch.no_grad():
    probabilities = model(**tokens).logits.${activation}
for place, label in model.config.id2label.items():
    print(label, float(probabilities[0][place]))`;
}

function browserSnippet(model: string): string {
  return `import { env, pipeline } from '@huggingface/transformers';

env.localModelPath = './';
env.allowLocalModels = true;
env.allowRemoteModels = false;
const classify = await pipeline('text-classification', '${model}');
console.log(await classify('What a lovely day!', { top_k: null }));`;
}

function fenced(language: string, code: string): string {
  return ['```' + language, code, '```'].join('\n');
}
