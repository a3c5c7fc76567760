/** A page that is shown until another one is. */
export interface Page {
  readonly element: HTMLElement;
  readonly title: string;
  /** Reads what it shows first. */
  open(): Promise<void>;
  /** The theme has changed. */
  redraw(): void;
  close(): void;
}
