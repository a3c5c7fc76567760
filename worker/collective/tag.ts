import type { Step } from '../../shared/ids.js';

/** Names one operation of one step; every member gives the same operation the same tag. */
export interface Tag {
  readonly step: Step;
  /** `gather`, `reduce-user`, ...: at most 24 of a-z, 0-9 and '-'. Bytes are counted by it. */
  readonly phase: string;
  /** Numbers the operations of one phase. */
  readonly part: number;
}

/** Tags of operations that follow each other, the same at all members that ask for as many. */
export function numberedTags(step: Step, phase: string): () => Tag {
  let part = 0;
  return () => ({ step, phase, part: part++ });
}

/** As many as a frame's header has room for. */
export const maxPhaseLength = 24;

const phasePattern = /^[a-z0-9-]{1,24}$/;

export const isPhase = (phase: string): boolean => phasePattern.test(phase);

/** The operation's name as a map key. */
export const tagKey = ({ step, phase, part }: Tag): string => `${step}/${phase}/${part}`;
