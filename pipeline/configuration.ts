/** Whether a part of something that is not checked yet, as of a configuration, a call or a result, is a map. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
