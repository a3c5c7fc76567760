/** What the programs of this folder print last. */
export interface Rate {
  /** A second. */
  readonly requests: number;
  readonly methods: Readonly<Record<string, number>>;
  readonly cpuPercent: number;
}

export interface ManyJobsResult {
  readonly jobs: number;
  readonly createdSeconds: number;
  /** From the first object to the last status. */
  readonly reconciledSeconds: number;
  readonly requests: number;
  /** Of the controller, its start included. */
  readonly cpuSeconds: number;
  /** When nothing happens, and when every job reports every five seconds. */
  readonly quiet: Rate;
  readonly reporting: Rate;
  readonly peakMemoryMebibytes: number;
  readonly errors: number;
}

export interface KilledResult {
  readonly jobs: number;
  readonly kills: number;
  readonly seed: number;
  /** What users did meanwhile, and how often. */
  readonly changes: Readonly<Record<string, number>>;
  readonly secondsToRest: number;
  readonly jobsLeft: number;
  readonly childrenLeft: number;
  readonly finished: number;
  /** Jobs that there have been, under any name. */
  readonly made: number;
  /** Of jobs that are gone: NATS still knows them. */
  readonly accountsLeft: number;
}
