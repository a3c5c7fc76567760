/** A step of set-up could not be done; the message is for whoever ran it. */
export class StepFailedError extends Error {
  name = 'StepFailedError';
  code = 'SETUP_STEP_FAILED';
}
