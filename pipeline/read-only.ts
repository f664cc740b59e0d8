/** What a schema gives, as nobody may change it: every field, list and tuple, at any depth. */
export type ReadOnly<T> = T extends object ? { readonly [Key in keyof T]: ReadOnly<T[Key]> } : T;
