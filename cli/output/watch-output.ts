/**
 * What becomes of output that cannot be written: `| head` has closed the pipe, the terminal is gone, the
 * disk of a log is full. Node tells of it by an error of the stream, which would end the process in
 * mid-step.
 */
export type OutputFailure = NodeJS.ErrnoException;

const readerGone: ReadonlySet<string | undefined> = new Set([
  'EPIPE',
  'EIO',
  'ERR_STREAM_DESTROYED',
]);

/** Whether nobody reads any more, which needs no word: there is nobody to read it. */
export const isReaderGone = ({ code }: OutputFailure): boolean => readerGone.has(code);

/** From now on output that cannot be written is left out; `onFailure` hears of the first. */
export function watchOutput(
  streams: readonly NodeJS.WritableStream[],
  onFailure: (error: OutputFailure) => void,
): void {
  let told = false;
  const onError = (error: OutputFailure): void => {
    if (told) return;
    told = true;
    onFailure(error);
  };
  for (const stream of streams) stream.on('error', onError);
}
