/** Items of one answer: more are a ranking of the catalogue, which an export of the embeddings serves better. */
export const topMost = 10_000;
