/**
 * The program that started this process, where there is one. Its end ends us too: nothing of a run
 * may outlive the terminal that shows it.
 */
import type { RunCommand, RunEvent } from '../shared/messages/run-events.js';

export interface Parent {
  tell(event: RunEvent): void;
  /** Resolves when everything told so far has been handed to the parent. */
  flush(): Promise<void>;
}

export interface ParentHandlers {
  readonly onCommand: (command: RunCommand) => void;
  readonly onGone: () => void;
}

export function watchParent({ onCommand, onGone }: ParentHandlers): Parent {
  if (process.send === undefined) return { tell: () => undefined, flush: async () => undefined };
  process.on('message', (command) => onCommand(command as RunCommand));
  process.once('disconnect', onGone);
  // It may have gone while this process was starting, and is not told of twice.
  if (!process.connected) setImmediate(onGone);
  let sent: Promise<void> = Promise.resolve();
  return {
    tell(event) {
      const previous = sent;
      sent = new Promise<void>((resolve) => {
        if (!process.connected) resolve();
        // A parent that is gone is noticed by `disconnect`; the error here says the same.
        else process.send?.(event, undefined, undefined, () => resolve());
      }).then(() => previous);
    },
    flush: () => sent,
  };
}
