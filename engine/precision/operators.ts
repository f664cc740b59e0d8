/** What an operator computes in where products are in two bytes. */
export type OperatorPrecision =
  /** Two bytes: it is most of the work, and adds up in float32 where the device is made for it. */
  | 'half'
  /** Float32: it adds many numbers up, or what it gives runs far beyond or below what it takes. */
  | 'float32'
  /** What it is given: float32 where one of its operands is. */
  | 'given'
  /** The same, and no entry changes on the way: a cast before it gives what a cast after it would. */
  | 'moved'
  /** Of sizes and types: it takes what there is. */
  | 'any';

/**
 * Every operator that the ops, losses and models are written in. As torch.autocast has them on a GPU but for what it
 * computes in two bytes of GELU and of hyperbolic functions, since here these are made of several operators.
 */
export const operatorPrecisions: Readonly<Record<string, OperatorPrecision>> = {
  MatMul: 'half',
  FusedMatMul: 'half',
  Gemm: 'half',

  Softmax: 'float32',
  LogSoftmax: 'float32',
  LayerNormalization: 'float32',
  ReduceSum: 'float32',
  ReduceMean: 'float32',
  ReduceMax: 'float32',
  ReduceMin: 'float32',
  Exp: 'float32',
  Log: 'float32',
  Sqrt: 'float32',
  Div: 'float32',
  Erf: 'float32',
  Gelu: 'float32',
  FastGelu: 'float32',
  Tanh: 'float32',
  Sigmoid: 'float32',
  HardSigmoid: 'float32',
  Cos: 'float32',
  Sin: 'float32',

  Add: 'given',
  Sub: 'given',
  Mul: 'given',
  Neg: 'given',
  Abs: 'given',
  Sign: 'given',
  Relu: 'given',
  Max: 'given',
  Min: 'given',
  Where: 'given',

  Reshape: 'moved',
  Transpose: 'moved',
  Slice: 'moved',
  Pad: 'moved',
  Concat: 'moved',
  Split: 'moved',
  Gather: 'moved',
  Expand: 'moved',

  Cast: 'any',
  Shape: 'any',
};
