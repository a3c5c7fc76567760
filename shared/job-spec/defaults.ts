/** Defaults of a job that others must know before there is a job. */

/** Tokens of an item's text that the model reads: titles with a few fields have 10 to 40. */
export const defaultTextLength = 64;
