/**
 * Units as types: a `Millis` cannot be passed where `Bytes` are expected.
 * The brand exists for the compiler only; at run time each is a plain number.
 */
declare const unit: unique symbol;

export type Unit<Name extends string> = number & { readonly [unit]: Name };

/** A span of time, or a reading of a monotonic clock, in milliseconds. */
export type Millis = Unit<'Millis'>;

/** A size in bytes. */
export type Bytes = Unit<'Bytes'>;

export const millis = (value: number): Millis => value as Millis;
export const bytes = (value: number): Bytes => value as Bytes;
export const mebibytes = (value: number): Bytes => bytes(value * 1024 * 1024);
