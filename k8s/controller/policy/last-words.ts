/** The last line of a coordinator's JSON, as its pod's termination message keeps it. */
export interface LastWords {
  /** For people; empty where there is nothing to read. */
  readonly message: string;
  readonly weightsSha256: string | null;
  readonly committedSteps: number | null;
  readonly finalLoss: number | null;
  /** It has left a run that goes on without it. */
  readonly hasLeft: boolean;
}

/** What is said where nothing is. */
export const nothing: LastWords = {
  message: '',
  weightsSha256: null,
  committedSteps: null,
  finalLoss: null,
  hasLeft: false,
};

/** Characters of a text that is no JSON: its end says most. */
const rawLength = 1024;

export function readLastWords(text: string | undefined): LastWords {
  const line = (text ?? '').trim().split('\n').pop() ?? '';
  try {
    const said = JSON.parse(line) as Record<string, unknown>;
    const word = (name: string): string =>
      typeof said[name] === 'string' ? (said[name] as string) : '';
    const number = (name: string): number | null =>
      typeof said[name] === 'number' ? (said[name] as number) : null;
    const code = word('code');
    const message = word('message');
    return {
      message: code === '' ? message : `${message} (${code})`,
      hasLeft: word('kind') === 'left',
      committedSteps: number('committed_steps'),
      finalLoss: number('final_loss'),
      weightsSha256: /^[0-9a-f]{64}$/.test(word('weights_sha256')) ? word('weights_sha256') : null,
    };
  } catch {
    return { ...nothing, message: (text ?? '').trim().slice(-rawLength) };
  }
}
