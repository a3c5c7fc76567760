/** What the doctor says of one thing. */
export type Level =
  /** Nothing to do. */
  | 'ok'
  /** Training works, and something about it could be better, or will not last. */
  | 'warning'
  /** Training on this machine cannot begin. */
  | 'missing';

export interface Check {
  /** In a word or two; a stable name for machines, too. */
  readonly name: string;
  readonly level: Level;
  /** What is. */
  readonly text: string;
  /** The command or the setting that helps; null where nothing need be done. */
  readonly help: string | null;
}
