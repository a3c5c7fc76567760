/** Jobs whose catalogues stay in the user's cache: those that one compares, and no disk full of others. */
export const cataloguesKept = 8;
