/** Items of one answer: more are a ranking of the catalogue, which an export of the embeddings serves better. */
export const topMost = 10_000;

/**
 * Items by cosine that an objective with labels ranks anew. What comes far behind does not become the
 * first, and each is a row of the user model.
 */
export const usualCandidates = 200;
