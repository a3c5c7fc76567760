/** The engine cannot run on this machine as it is; the message names the file and the remedy. */
export class EngineUnavailableError extends Error {
  override readonly name = 'EngineUnavailableError';
  readonly code = 'ENGINE_UNAVAILABLE';

  constructor(engine: string, problem: string, remedy: string, options?: ErrorOptions) {
    super(`Cannot open the engine ${engine}: ${problem}: ${remedy}`, options);
  }
}
