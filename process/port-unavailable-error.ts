/** A port that was asked for cannot be listened on. */
export class PortUnavailableError extends Error {
  override readonly name = 'PortUnavailableError';
  readonly code = 'PORT_UNAVAILABLE';
}
