import type { Arithmetic } from './arithmetic.js';
import { javascriptArithmetic } from './javascript-arithmetic.js';
import { loadNativeArithmetic } from './native-arithmetic.js';

/** The fastest arithmetic of this machine; the choice does not change a bit of any result. */
export function openArithmetic(): Arithmetic {
  return loadNativeArithmetic() ?? javascriptArithmetic;
}
