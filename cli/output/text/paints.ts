/** Whether text may have colours: on a terminal that knows them, unless its user wants none. Pure. */
export const paints = (
  { isTTY }: { readonly isTTY?: boolean },
  environment: NodeJS.ProcessEnv,
): boolean => isTTY === true && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';
