/** What one call of the command line came to. */
export interface Call {
  readonly words: readonly string[];
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
