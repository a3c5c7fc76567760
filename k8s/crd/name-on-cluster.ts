/** `NAME-coordinator-xxxxx` must fit a label of DNS, and a Service's name begins with a letter. */
export const longestName = 44;

export const nameOnCluster = new RegExp(`^[a-z]([-a-z0-9]{0,${longestName - 2}}[a-z0-9])?$`);

/** Completes "must be ...". */
export const nameRule =
  `a name of 1 to ${longestName} lower-case letters, digits and "-" that begins with a letter and does ` +
  'not end with "-", because the names of pods and services are made of it';
