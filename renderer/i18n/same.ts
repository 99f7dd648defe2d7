/** The shape of a catalogue with other words in it: every key, and no other. */
export type Same<T> = { readonly [K in keyof T]: T[K] extends string ? string : Same<T[K]> };
