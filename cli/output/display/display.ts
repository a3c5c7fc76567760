/**
 * Where a run shows itself: one redrawn line on a terminal, plain lines at a bounded rate elsewhere,
 * JSON lines for machines.
 */
import type { WriteStream } from 'node:tty';
import type {
  ShownBest,
  ShownEvent,
  ShownRecovery,
  ShownRollBack,
} from '../../../shared/history/shown-event.js';
import { isClassificationMetric } from '../../../shared/job-spec/rules/classification-metrics.js';
import type { ReportedMetrics } from '../../../shared/messages/report-fields.js';
import { bar, compact } from './progress-line.js';
import { RunState } from './run-state.js';

export interface Display {
  /** A sentence that stays on the screen. */
  note(text: string): void;
  /** `line` is the same for machines; null where they hear of it otherwise. */
  event(event: ShownEvent, line: object | null): void;
  /** The last thing that a run says: `result` is one JSON object, `text` the same for people. */
  result(result: object, text: string): void;
  /** An error, for people; `json` for machines. */
  failure(text: string, json: object): void;
}

/** A screen that is redrawn more often cannot be read. */
const redrawMs = 100;
const usualColumns = 80;
/** Seconds between plain lines, so that a log of a day has some thousands of them. */
const plainSeconds = 5;

export interface DisplayParts {
  readonly json: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

export function openDisplay(parts: DisplayParts): Display {
  if (parts.json) return new JsonDisplay(parts);
  // A dumb terminal cannot go back to the begin of its line.
  const redraws = parts.stdout.isTTY && parts.environment.TERM !== 'dumb';
  return redraws ? new TerminalDisplay(parts) : new PlainDisplay(parts);
}

/** What is counted while something other than a step is done. */
const things = { evaluating: 'users', encoding: 'items' } as const;

const isShare = (event: ShownEvent): event is Extract<ShownEvent, { kind: keyof typeof things }> =>
  event.kind in things;

/** Sentences for the events that happen once; null for those that are shown as progress. */
function sentence(event: ShownEvent): string | null {
  switch (event.kind) {
    case 'started': {
      const from = event.resumedFrom === null ? '' : ` from ${event.resumedFrom}`;
      const { firstStep, members, totalSteps } = event;
      const who = `${members.length} ${members.length === 1 ? 'worker' : 'workers'}`;
      return firstStep >= totalSteps
        ? `evaluating step ${totalSteps}${from} on ${who}`
        : `training steps ${firstStep + 1} to ${totalSteps}${from} on ${who}`;
    }
    case 'generation':
      return generationSentence(event);
    case 'recovered':
      return recoverySentence(event);
    case 'led':
      return `${event.coordinator} leads the run from here on`;
    case 'notice':
      return event.text;
    case 'checkpointed':
      return `checkpoint of step ${event.committedSteps} in ${event.path} (${event.seconds.toFixed(1)} s)`;
    case 'validated':
      return validationSentence(event);
    case 'rolled-back':
      return rollBackSentence(event);
    default:
      return null;
  }
}

function generationSentence(event: Extract<ShownEvent, { kind: 'generation' }>): string {
  const { committedSteps, members, reason } = event;
  const who = `${members.length} ${members.length === 1 ? 'worker' : 'workers'}`;
  return `${reason}: ${who} go on after step ${committedSteps}`;
}

/** A planned change says enough by what it has changed. */
function recoverySentence(event: ShownRecovery): string | null {
  if (event.planned) return null;
  const { detectSeconds, reformSeconds, resumeSeconds } = event;
  const all = detectSeconds + reformSeconds + resumeSeconds;
  return (
    `recovered in ${all.toFixed(2)} s: noticed after ${detectSeconds.toFixed(2)} s, ` +
    `formed anew in ${reformSeconds.toFixed(2)} s, training again ${resumeSeconds.toFixed(2)} s later`
  );
}

function rollBackSentence(event: ShownRollBack): string {
  const { committedSteps, falseNegatives, learningRate, reason, rolledBackTo } = event;
  const weights = rolledBackTo === 0 ? 'the first weights' : `the weights of step ${rolledBackTo}`;
  return (
    `training has collapsed after ${committedSteps} steps: ${reason}: it goes on with ${weights}, ` +
    `false negatives by ${falseNegatives} and a learning rate of ${learningRate}`
  );
}

function validationSentence(event: Extract<ShownEvent, { kind: 'validated' }>): string {
  const { best, committedSteps, results } = event;
  const ranks = results.some(({ values }) => values.mrr !== undefined);
  const metric = best?.metric ?? (ranks ? 'mrr' : 'logloss');
  const value = (model: ReportedMetrics['model']): string =>
    results.find((row) => row.model === model)?.values[metric]?.toFixed(4) ?? '-';
  const [baseline, words] = isClassificationMetric(metric)
    ? (['base-rate', 'base rate'] as const)
    : (['popularity', 'popularity'] as const);
  const numbers = `${metric} ${value('hllm')} (${words} ${value(baseline)})`;
  return `validation after step ${committedSteps}: ${numbers}${bestSoFar(best, committedSteps)}`;
}

function bestSoFar(best: ShownBest | null, committedSteps: number): string {
  if (best === null) return '';
  if (best.committedSteps === committedSteps) return ', the best so far';
  return `, the best is ${best.value.toFixed(4)} after step ${best.committedSteps}`;
}

class PlainDisplay implements Display {
  readonly #parts: DisplayParts;
  readonly #state = new RunState();
  #printedAt = Number.NEGATIVE_INFINITY;

  constructor(parts: DisplayParts) {
    this.#parts = parts;
  }

  note(text: string): void {
    this.#parts.stdout.write(`${text}\n`);
  }

  event(event: ShownEvent): void {
    const now = this.#parts.now();
    const before = this.#state.last;
    this.#state.take(event, now);
    const said = sentence(event);
    if (said !== null) this.note(said);
    if (event.kind === 'waiting' && !this.#due(now)) return;
    if (event.kind === 'waiting') this.note(`waiting: ${event.reason}`);
    if (isShare(event) && (event.done === event.total || this.#due(now))) {
      this.note(
        `${event.kind} ${compact(event.done)} of ${compact(event.total)} ${things[event.kind]}`,
      );
    }
    if (event.kind !== 'committed') return;
    const { step, stage } = event.report;
    const last = step + 1 === this.#state.totalSteps;
    const first = step === 0 || (before !== null && before.stage !== stage);
    if (first || last || this.#due(now)) {
      this.#printedAt = now;
      this.note(this.#state.text);
    }
  }

  result(_result: object, text: string): void {
    this.note(text);
  }

  failure(text: string): void {
    this.#parts.stderr.write(`${text}\n`);
  }

  #due(now: number): boolean {
    if (now - this.#printedAt < plainSeconds * 1000) return false;
    this.#printedAt = now;
    return true;
  }
}

class TerminalDisplay implements Display {
  readonly #parts: DisplayParts;
  readonly #state = new RunState();
  readonly #colour: boolean;
  #line = '';
  #drawnAt = Number.NEGATIVE_INFINITY;

  constructor(parts: DisplayParts) {
    this.#parts = parts;
    this.#colour = (parts.environment.NO_COLOR ?? '') === '';
  }

  note(text: string): void {
    this.#clear();
    this.#parts.stdout.write(`${text}\n`);
    this.#draw();
  }

  event(event: ShownEvent): void {
    const now = this.#parts.now();
    this.#state.take(event, now);
    const said = sentence(event);
    if (event.kind === 'committed') {
      const { step } = event.report;
      const { totalSteps } = this.#state;
      this.#line = `${this.#paint(bar(step + 1, totalSteps, 24))} ${this.#state.text}`;
      if (now - this.#drawnAt < redrawMs && step + 1 < totalSteps) return;
    } else if (isShare(event)) {
      const { kind, done, total } = event;
      const share = `${compact(done)}/${compact(total)}`;
      this.#line = `${this.#paint(bar(done, total, 24))} ${kind} ${share} ${things[kind]}`;
      if (now - this.#drawnAt < redrawMs && done < total) return;
    } else if (event.kind === 'waiting') {
      this.#line = event.reason;
    } else if (event.kind === 'started' && event.firstStep < event.totalSteps) {
      this.#line = `${this.#paint(bar(event.firstStep, event.totalSteps, 24))} first step`;
    } else if (event.kind === 'finished' || event.kind === 'failed') {
      this.#finish();
    }
    this.#drawnAt = now;
    if (said !== null) this.note(said);
    else this.#draw();
  }

  result(_result: object, text: string): void {
    this.#finish();
    this.#parts.stdout.write(`${text}\n`);
  }

  failure(text: string): void {
    this.#finish();
    this.#parts.stderr.write(`${this.#colour ? `\u001b[31m${text}\u001b[39m` : text}\n`);
  }

  #paint(text: string): string {
    return this.#colour ? `\u001b[36m${text}\u001b[39m` : text;
  }

  #clear(): void {
    this.#parts.stdout.write('\r\u001b[2K');
  }

  /** Cut to the terminal's width: a line that wraps cannot be redrawn. */
  #draw(): void {
    this.#clear();
    // A terminal that nobody has given a size says 0: one of `docker run -t`, or of `script` in a pipeline.
    const columns = (this.#parts.stdout as WriteStream).columns || usualColumns;
    this.#parts.stdout.write(cut(this.#line, columns - 1));
  }

  /** Leaves the last line where it is and begins a new one. */
  #finish(): void {
    if (this.#line === '') return;
    this.#draw();
    this.#parts.stdout.write('\n');
    this.#line = '';
  }
}

/** Cuts the visible text; colour codes take no room. */
export function cut(text: string, width: number): string {
  let room = width;
  let at = 0;
  while (at < text.length && room > 0) {
    if (text[at] === '\u001b') {
      at = text.indexOf('m', at) + 1;
    } else {
      at++;
      room--;
    }
  }
  return at >= text.length
    ? text
    : `${text.slice(0, at)}${text.includes('\u001b') ? '\u001b[39m' : ''}`;
}

class JsonDisplay implements Display {
  readonly #parts: DisplayParts;

  constructor(parts: DisplayParts) {
    this.#parts = parts;
  }

  note(text: string): void {
    this.#parts.stderr.write(`${text}\n`);
  }

  event(_event: ShownEvent, line: object | null): void {
    if (line !== null) this.#write(line);
  }

  result(result: object): void {
    this.#write(result);
  }

  failure(text: string, json: object): void {
    this.note(text);
    this.#write(json);
  }

  #write(value: object): void {
    this.#parts.stdout.write(`${JSON.stringify(value)}\n`);
  }
}
