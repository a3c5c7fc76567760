/** The lowest finite float32: what Hugging Face's and HLLM's masks hold. */
export const lowestFloat = -3.4028234663852886e38;
