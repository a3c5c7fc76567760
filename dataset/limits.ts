/** What may grow while a dataset is read, and why its limit has this value. */
export const limits = {
  /**
   * Bytes of one record. An unclosed quote swallows what follows it: with this limit it swallows
   * at most this much before reading goes on at the next line. Long product descriptions take
   * some 100 KiB. A power of two of at least 4096, because the buffer doubles.
   */
  rowBytes: 1024 * 1024,
  /** Bytes of all ids of one table: offsets into them are 32-bit. */
  idBytes: 2 ** 32 - 1,
  /** Rows of users, items and tokens are Int32. */
  rows: 2 ** 31 - 1,
  /**
   * Bytes of the window of a zstd file, all of it memory: what zstd itself unpacks without being
   * asked twice, at any level of packing.
   */
  unpackWindowBytes: 128 * 1024 * 1024,
  /**
   * Unpacked bytes of the wanted columns of one row group of a Parquet file: they are in memory
   * together, as objects of some times that size. Writers make groups of 100 MiB at most by default.
   */
  parquetGroupBytes: 512 * 1024 * 1024,
  /** Bytes of an item's title that are kept for people: a line or two on a screen. */
  titleBytes: 300,
  /** Bytes of an item's text that are kept for people: a page; reviews and descriptions have more. */
  textBytes: 4096,
  /** Bytes of all titles and of all texts: they are in memory until they are written. */
  allTitleBytes: 64 * 1024 * 1024,
  allTextBytes: 256 * 1024 * 1024,
  /** Bytes of dataset.json: an honest one has some 3 KiB. */
  manifestBytes: 1024 * 1024,
  /** Bytes of tokenizer.json: those of large pretrained models have 10-35 MiB. */
  tokenizerBytes: 256 * 1024 * 1024,
  /**
   * Distinct words above which subwords are learnt in their stead: docs/decisions/0010 has the
   * reason. Below, every word has a token.
   */
  wordVocabulary: 16_384,
  /**
   * Bytes of the distinct words that subwords are learnt from, the most frequent words first: some six
   * million words. Each byte takes 30 bytes of memory.
   */
  subwordBytes: 64 * 1024 * 1024,
  /**
   * How old a file's last change must be before its times vouch for its bytes. Kernels stamp files
   * every 4 ms or so, but some file systems keep only even seconds: a change right after another may
   * carry the same stamp.
   */
  settleMs: 2000,
  /** Datasets of which this machine remembers that it has verified them: some 2 KiB each. */
  verifiedDatasets: 256,
} as const;
