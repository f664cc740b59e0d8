/** What other libraries call a setting, letters alone, with the settings that may be meant. */
const familiar: Readonly<Record<string, readonly string[]>> = {
  lr: ['training.learningRate'],
  maxlr: ['training.learningRate'],
  numepochs: ['training.epochs'],
  nepochs: ['training.epochs'],
  maxepochs: ['training.epochs'],
  numtrainepochs: ['training.epochs'],
  trainbatchsize: ['training.batchSize'],
  bs: ['training.batchSize'],
  perdevicetrainbatchsize: ['training.batchSize'],
  perdevicebatchsize: ['training.batchSize'],
  wd: ['training.weightDecay'],
  warmup: ['training.warmupRatio'],
  warmupproportion: ['training.warmupRatio'],
  gradclip: ['training.maxGradNorm'],
  clipgradnorm: ['training.maxGradNorm'],
  gradientclipval: ['training.maxGradNorm'],
  maxnorm: ['training.maxGradNorm'],
  randomstate: ['training.seed', 'folds.seed'],
  randomseed: ['training.seed', 'folds.seed'],
  dataseed: ['training.seed', 'folds.seed'],
  lrscheduler: ['training.schedule'],
  lrschedulertype: ['training.schedule'],
  scheduler: ['training.schedule'],
  gradientaccumulationsteps: ['training.accumulate'],
  gradaccum: ['training.accumulate'],
  accumulategradbatches: ['training.accumulate'],
  earlystopping: ['training.patience'],
  earlystoppingpatience: ['training.patience'],
  llrd: ['training.layerDecay'],
  layerwiselrdecay: ['training.layerDecay'],
  layerwiselearningratedecay: ['training.layerDecay'],
  labelsmoothingfactor: ['training.labelSmoothing'],
  posweight: ['training.classWeights'],
  classweight: ['training.classWeights'],
  multisampledropout: ['training.dropoutSamples'],
  advlr: ['training.awp.rate'],
  adveps: ['training.awp.epsilon'],
  adversarialweightperturbation: ['training.awp'],
  gradientcheckpoint: ['training.gradientCheckpointing'],
  activationcheckpointing: ['training.gradientCheckpointing'],
  emadecay: ['training.ema'],
  evalsteps: ['training.evaluations'],
  metricforbestmodel: ['training.bestBy'],
  savesteps: ['training.checkpointEvery'],
  nsplits: ['folds.count'],
  numsplits: ['folds.count'],
  nfolds: ['folds.count'],
  numfolds: ['folds.count'],
  kfolds: ['folds.count'],
  kfold: ['folds.count'],
  k: ['folds.count'],
  maxlen: ['model.maxLength'],
  maxseqlen: ['model.maxLength'],
  maxseqlength: ['model.maxLength'],
  modelmaxlength: ['model.maxLength'],
  maxtokens: ['model.maxLength'],
  modelname: ['model.checkpoint'],
  modelid: ['model.checkpoint'],
  modelpath: ['model.checkpoint'],
  modelnameorpath: ['model.checkpoint'],
  pretrainedmodelnameorpath: ['model.checkpoint'],
  pretrained: ['model.checkpoint'],
  basemodel: ['model.checkpoint'],
  numhiddenlayers: ['model.scratch.layers'],
  numlayers: ['model.scratch.layers'],
  numattentionheads: ['model.scratch.heads'],
  numheads: ['model.scratch.heads'],
  vocabsize: ['model.scratch.vocabulary'],
  modeltype: ['model.scratch.type'],
  textcolumn: ['data.text'],
  textcol: ['data.text'],
  textfield: ['data.text'],
  idcolumn: ['data.id'],
  idcol: ['data.id'],
  idfield: ['data.id'],
  trainfile: ['data.train'],
  traincsv: ['data.train'],
  trainpath: ['data.train'],
  testfile: ['data.test'],
  testcsv: ['data.test'],
  testpath: ['data.test'],
  labelcolumns: ['labels'],
  labelcols: ['labels'],
  labelnames: ['labels'],
  targets: ['labels'],
  classes: ['labels'],
  jobs: ['steps'],
};

/**
 * The setting that a key of another library's, or of another section, most probably means.
 *
 * @param section the map that the key stands in, as a dotted path; '' for the root
 * @param settings the dotted paths of all settings
 * @returns the key, where it belongs into the same section, or else the dotted path; undefined for no guess
 */
export function familiarName(key: string, section: string, settings: readonly string[]): string | undefined {
  const letters = lettersOf(key);
  if (letters === '') return undefined;
  const spelt = settings.filter((path) => lettersOf(path.slice(path.lastIndexOf('.') + 1)) === letters);
  const known = Object.hasOwn(familiar, letters) ? familiar[letters]! : [];
  const meant = [...spelt, ...known];
  const within = section === '' ? '' : `${section}.`;
  const near = meant.find((path) => path.startsWith(within) && !path.slice(within.length).includes('.'));
  return near?.slice(within.length) ?? meant[0];
}

/** `per_device-train.batchSize` and its like are told apart by their letters alone. */
function lettersOf(name: string): string {
  return name.length > longestKey ? '' : name.toLowerCase().replaceAll(/[^a-z]/g, '');
}

const longestKey = 100;
