/**
 * What becomes of output that nobody reads any more: `| head` has closed the pipe, or the terminal is
 * gone. Node tells of it by an error of the stream, which would end the process in mid-step.
 */
const readerGone: ReadonlySet<string | undefined> = new Set([
  'EPIPE',
  'EIO',
  'ERR_STREAM_DESTROYED',
]);

/** From now on output that cannot be written is left out; `onGone` hears of it once. */
export function watchReaders(streams: readonly NodeJS.WritableStream[], onGone: () => void): void {
  let told = false;
  const onError = (error: NodeJS.ErrnoException): void => {
    if (!readerGone.has(error.code)) throw error;
    if (!told) onGone();
    told = true;
  };
  for (const stream of streams) stream.on('error', onError);
}
