/** What an installation gives every job: where its servers are and which images it runs. */
export interface Installation {
  readonly images: {
    readonly coordinator: string;
    readonly worker: string;
    /** Of workers with GPUs. */
    readonly workerWithGpus: string;
    readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  };
  readonly nats: { readonly url: string; readonly servers: number };
  /** Where coordinators report: `http://host:port`. */
  readonly reportUrl: string;
  /** Where coordinators fetch built-in datasets; null: the usual index. */
  readonly packageIndex: string | null;
}

/** What a job's processes show each other and the servers: contents of files. */
export interface JobSecrets {
  readonly linksSecret: string;
  readonly reportKey: string;
  readonly operatorToken: string;
  readonly coordinatorCreds: string;
  readonly workerCreds: string;
  readonly watcherCreds: string;
}
