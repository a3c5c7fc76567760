/** Bounds of what a pretrained model's files may claim; each is far above any model in use. */
export const limits = {
  /** Of config.json and of the index of a folder, in bytes: an index of a thousand layers has 2 MB. */
  jsonBytes: 64 * 2 ** 20,
  /** Weight files of a folder: models of a trillion parameters have some 200. */
  files: 1024,
  /** Decoder layers, of which the deepest model in use has 126. */
  layers: 1024,
  /** Tensors of a model: a mixture of experts may have 100,000. */
  tensors: 200_000,
  /** GGUF: bytes in front of the tensors. A vocabulary of a million tokens has some 60 MB. */
  ggufHeaderBytes: 512 * 2 ** 20,
  /** GGUF: settings of a file, of which models have some fifty. */
  ggufSettings: 4096,
  /** GGUF: bytes of one text; chat templates are the longest. */
  ggufTextBytes: 16 * 2 ** 20,
  /** GGUF: entries of an array, which are the tokens or merges of a vocabulary. */
  ggufEntries: 8_000_000,
  /** GGUF: arrays within arrays. The format allows any; nobody writes them. */
  ggufDepth: 2,
  /** GGUF: the format's own bounds. */
  ggufNameBytes: 65_535,
  ggufDimensions: 4,
  /** Elements decoded at once, in floats: 1 MiB of them, whatever a tensor has; more are no faster. */
  pieceElements: 2 ** 18,
} as const;
