/** Element types of graph values, with ONNX's numbers for them (`TensorProto.DataType`). */
export const onnxType = { float32: 1, int32: 6, int64: 7, bool: 9 } as const;

export type DType = keyof typeof onnxType;
