/**
 * The ledger as a file: JSON lines. A step that is recorded again was trained again, from an older
 * state and behind a line that says so; the same users and the same bits must have come of it.
 */
import { z } from 'zod';
import { ledgerLineBytes } from '../limits.js';
import { type LedgerRecord, ledgerRecord } from './ledger-record.js';

/** Raised whenever an older reader would misread a newer ledger. */
export const ledgerVersion = 1;

const count = z.int().min(0);
const time = z.iso.datetime();

/** The first line of every file. */
const begins = z.strictObject({
  kind: z.literal('ledger'),
  schema_version: z.int().min(1),
  time,
  run: z.string().max(128),
  job: z.string().max(253),
  job_sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Training goes on from a state of so many committed steps; those behind it are trained again. */
const resumed = z.strictObject({
  kind: z.literal('resumed'),
  time,
  committed_steps: count,
});

const { planSha256, stateHash, ...shape } = ledgerRecord.shape;
const stepLine = z.strictObject({
  kind: z.literal('step'),
  ...shape,
  plan_sha256: planSha256,
  state_hash: stateHash,
});

const lines = z.discriminatedUnion('kind', [begins, resumed, stepLine]);

export type LedgerBegins = Readonly<z.infer<typeof begins>>;
export type LedgerResumed = Readonly<z.infer<typeof resumed>>;
export type LedgerLine =
  | LedgerBegins
  | LedgerResumed
  | { readonly kind: 'step'; readonly record: LedgerRecord };

/** A line is none of a ledger; `message` says what is wrong with it. */
export class LedgerLineError extends Error {
  override readonly name = 'LedgerLineError';
  readonly code = 'LEDGER_LINE';
}

/** With its end. */
export function encodeLedgerLine(line: LedgerLine): string {
  if (line.kind !== 'step') return `${JSON.stringify(line)}\n`;
  const { planSha256: plan_sha256, stateHash: state_hash, ...record } = line.record;
  return `${JSON.stringify({ kind: 'step', ...record, plan_sha256, state_hash })}\n`;
}

/**
 * @param text without its end
 * @throws LedgerLineError
 */
export function decodeLedgerLine(text: string): LedgerLine {
  if (text.length > ledgerLineBytes) throw new LedgerLineError(`has ${text.length} characters`);
  const parsed = lines.safeParse(jsonOf(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new LedgerLineError(`field "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`);
  }
  if (parsed.data.kind !== 'step') return parsed.data;
  const { kind, plan_sha256, state_hash, ...record } = parsed.data;
  return { kind, record: { ...record, planSha256: plan_sha256, stateHash: state_hash } };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new LedgerLineError('is not JSON');
  }
}
