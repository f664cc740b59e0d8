import type { FuzzTarget } from '../target.js';
import { activityCalls } from './activity-calls.js';
import { bytePairFiles } from './byte-pairs.js';
import { foldState } from './fold-state.js';
import { hubAnswers } from './hub-answers.js';
import { initTable } from './init-table.js';
import { modelConfig } from './model-config.js';
import { overrides } from './overrides.js';
import { pipelineYaml } from './pipeline-yaml.js';
import { preparedTable } from './prepared-table.js';
import { resultJson } from './result-json.js';
import { runMessages } from './run-messages.js';
import { safetensors } from './safetensors.js';
import { fairseqModel, sentencePieceModel } from './sentencepiece-model.js';
import { serverFiles } from './server-files.js';
import { tokenizerJson } from './tokenizer-json.js';
import { tokenizerSettings } from './tokenizer-settings.js';
import { table } from './table.js';
import { torchArchive } from './torch-archive.js';
import { vocabTxt } from './vocab-txt.js';
import { workdirFiles } from './workdir-files.js';

/** Every target, in the order of the table. */
export const targets: readonly FuzzTarget[] = [
  pipelineYaml,
  overrides,
  resultJson,
  table,
  preparedTable,
  initTable,
  safetensors,
  torchArchive,
  modelConfig,
  hubAnswers,
  activityCalls,
  runMessages,
  workdirFiles,
  serverFiles,
  tokenizerJson,
  tokenizerSettings,
  vocabTxt,
  sentencePieceModel,
  fairseqModel,
  bytePairFiles,
  foldState,
];
