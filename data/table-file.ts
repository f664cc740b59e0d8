/** A table's file: its path, or its path and what people call it where that is something else. */
export type TableFile = string | { readonly path: string; readonly name: string };

export function pathOf(file: TableFile): string {
  return typeof file === 'string' ? file : file.path;
}

/** What it is called in faults and warnings. */
export function nameOf(file: TableFile): string {
  return typeof file === 'string' ? file : file.name;
}
