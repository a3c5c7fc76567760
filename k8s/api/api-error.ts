/** The API server refused a request, or could not be asked. Whoever asked tries again later. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code = 'KUBERNETES_API';

  /** Of HTTP; 0 where there was no answer. */
  readonly status: number;
  /** As in `Status` of Kubernetes. */
  readonly reason: string;

  constructor(
    what: string,
    status: number,
    reason: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`Cannot ${what}: ${message}`, options);
    this.status = status;
    this.reason = reason;
  }
}

export const isGone = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 404;

export const isConflict = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 409;

export const isForbidden = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 403;

/** Nothing can be made in a namespace that is being deleted; what is in it goes by itself. */
export const isEnding = (error: unknown): boolean =>
  error instanceof ApiError &&
  error.status === 403 &&
  error.message.endsWith('because it is being terminated');

/** The watch asked for a version that the API server no longer remembers. */
export const isExpired = (error: unknown): boolean =>
  error instanceof ApiError && error.status === 410;

/** `Status` of Kubernetes, or whatever a proxy says in its place. */
export function readStatus(text: string): { reason: string; message: string } {
  try {
    const { reason, message } = JSON.parse(text) as { reason?: unknown; message?: unknown };
    if (typeof message === 'string')
      return { reason: typeof reason === 'string' ? reason : '', message };
  } catch {
    // No JSON: shown as it is.
  }
  return { reason: '', message: text.trim().slice(0, 512) };
}
