/** `lockstep audit`: whether a run was trained on what its job and its dataset say, exactly once. */
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { auditHelp } from '../help.js';
import { sayFinished } from '../output/json-line.js';
import { printable } from '../output/text/printable.js';
import { withStages } from '../trained-run/with-stages.js';
import { useServer } from '../use-server.js';
import { type AuditArguments, readAuditArguments } from './audit-arguments.js';
import { type AuditOutcome, type AuditWish, auditRun } from './audit-run.js';
import { auditText } from './audit-text.js';
import { folderSource } from './folder-source.js';
import { logSource } from './log-source.js';

/** What was compared is not as it should be. */
const differs: ExitCode = exitCodes.internal;

/** @throws UsageError, JobSpecError, DatasetError where there is nothing to compare */
export async function auditCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readAuditArguments(words);
  if (given === null) {
    process.stdout.write(`${auditHelp}\n`);
    return exitCodes.success;
  }
  const outcome = await withStages(given.json, ({ note, progress }) =>
    audited(given, {
      data: given.data,
      recompute: given.recompute,
      note,
      progress: (step, total) => progress('compare the steps', Math.min(1, (step + 1) / total)),
    }),
  );
  const code = outcome.differences.count === 0 ? exitCodes.success : differs;
  if (given.json) sayFinished(fieldsOf(outcome), code);
  else process.stdout.write(`${auditText(outcome).split('\n').map(printable).join('\n')}\n`);
  return code;
}

function audited({ run, nats }: AuditArguments, wish: AuditWish): Promise<AuditOutcome> {
  if (nats === null) return auditRun(folderSource(run), wish);
  return useServer(nats, async (bus) => {
    try {
      return await auditRun(await logSource(bus, run), wish);
    } finally {
      await bus.close();
    }
  });
}

function fieldsOf({ run, dataset, audited, differences }: AuditOutcome): object {
  const {
    summary,
    recomputed = false,
    checkpoint,
    checkpointsAway,
    comparedBytes,
    end,
  } = audited ?? {};
  return {
    verdict: differences.count === 0 ? 'passed' : 'failed',
    run,
    dataset,
    steps: summary?.steps ?? 0,
    epochs: summary?.epochs ?? 0,
    users: summary?.users ?? 0,
    ...summary,
    plansRecomputed: recomputed,
    checkpoint: checkpoint ?? null,
    weightsNotCompared: checkpointsAway ?? null,
    comparedBytes: comparedBytes ?? null,
    end: end ?? null,
    differencesCount: differences.count,
    differences: differences.kept,
  };
}
