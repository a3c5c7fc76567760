/** What the ledger knows so far, and what an audit of it says. */
import type { AuditState, LedgerEpoch, LedgerState, RunAnswer } from '../data/api.js';
import { ago, number } from '../data/words.js';
import { askAudit, askLedger } from './client.js';
import { h, setText, show } from './dom.js';
import { scrolling, section } from './parts.js';

/** While steps come; each time only what is new is read. */
const askEvery = 5000;
/** While an audit is under way. */
const askSoon = 700;
/** While there is more to read: a piece takes about as long. */
const askOn = 100;

const epochHeads = ['Epoch', 'Steps', 'Sequences', 'State'];

export class LedgerView {
  readonly element: HTMLElement;
  readonly #id: string;
  readonly #verdict = h('p.verdict', { role: 'status' });
  readonly #facts = h('dl.facts');
  readonly #problems = h('ul.problems');
  readonly #epochs = h('div');
  readonly #audit = h('div.audit');
  readonly #auditSaid = h('p', { role: 'status' });
  readonly #auditFound = h('div');
  readonly #button = h('button', { type: 'button', click: () => void this.#begin() }, 'Audit now');
  #answer: RunAnswer | null = null;
  #timer = 0;
  #isClosed = false;
  #readAt = '';

  constructor(id: string) {
    this.#id = id;
    this.element = section(
      'Ledger',
      ...[this.#verdict, this.#facts, this.#problems, this.#epochs, this.#audit],
    );
    this.element.hidden = true;
  }

  /** The run has changed: what is new is asked for once in a while. */
  set(answer: RunAnswer): void {
    const isFirst = this.#answer === null;
    this.#answer = answer;
    if (isFirst) {
      this.#showAudit({ kind: 'none' });
      void this.#ask();
    } else if (this.#timer === 0 && answer.state.changedAt !== this.#readAt) this.#soon(askEvery);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  #soon(after: number): void {
    if (this.#isClosed || this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      void this.#ask();
    }, after);
  }

  async #ask(): Promise<void> {
    this.#readAt = this.#answer?.state.changedAt ?? '';
    try {
      const ledger = await askLedger(this.#id);
      const canAudit = this.#answer?.canAudit === true;
      const audit: AuditState = canAudit ? await askAudit(this.#id, false) : { kind: 'none' };
      if (this.#isClosed) return;
      this.#show(ledger);
      this.#showAudit(audit);
      if (ledger?.isBehind === true) this.#soon(askOn);
      else if (audit.kind === 'runs') this.#soon(askSoon);
    } catch {
      this.#soon(askEvery);
    }
  }

  async #begin(): Promise<void> {
    try {
      this.#showAudit(await askAudit(this.#id, true));
      this.#soon(askSoon);
    } catch (error) {
      setText(this.#auditSaid, (error as Error).message);
    }
  }

  #show(ledger: LedgerState | null): void {
    this.element.hidden = ledger === null;
    if (ledger === null) return;
    const { epochs, problems, problemsCount } = ledger;
    setText(this.#verdict, verdictOf(ledger));
    this.#verdict.classList.toggle('slow', problemsCount > 0);
    const facts: readonly (readonly [string, string])[] = [
      ['steps recorded', number(ledger.steps)],
      ['sequences counted', number(ledger.sequences)],
      ['resumed', ledger.resumed === 0 ? 'never' : `${ledger.resumed} times`],
      ['trained again', `${number(ledger.trainedAgain)} steps, each counted once`],
    ];
    show(this.#facts, ...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]));
    const more = problemsCount - problems.length;
    show(
      this.#problems,
      ...problems.map((problem) => h('li', {}, problem)),
      more > 0 ? h('li', {}, `and ${number(more)} more`) : null,
    );
    show(this.#epochs, epochs === null || epochs.length === 0 ? null : epochTable(epochs));
  }

  #showAudit(audit: AuditState): void {
    const { canAudit = false, folder = null } = this.#answer ?? {};
    if (!canAudit) {
      const command = folder === null ? null : h('code', {}, `lockstep audit ${folder}`);
      const words = 'What only the dataset tells – whether every user was trained – is checked by ';
      show(this.#audit, command && h('p.quiet', {}, words, command));
      return;
    }
    if (this.#button.parentElement === null) {
      show(this.#audit, h('div.row', {}, this.#button, this.#auditSaid), this.#auditFound);
    }
    (this.#button as HTMLButtonElement).disabled = audit.kind === 'runs';
    setText(this.#auditSaid, auditText(audit));
    this.#auditSaid.classList.toggle(
      'slow',
      audit.kind === 'failed' || (audit.kind === 'done' && !audit.isPassed),
    );
    show(this.#auditFound, ...(audit.kind === 'done' ? found(audit) : []));
  }
}

function verdictOf({ isBehind, problemsCount, wholeEpochs }: LedgerState): string {
  if (problemsCount > 0) {
    return problemsCount === 1
      ? '1 finding in the ledger:'
      : `${number(problemsCount)} findings in the ledger:`;
  }
  const far = isBehind ? 'So far' : 'Up to now';
  const epochs =
    wholeEpochs < 2
      ? ''
      : `, and all ${number(wholeEpochs)} whole epochs trained the same sequences`;
  return `${far} every step is recorded once and in order${epochs}.`;
}

function epochTable(epochs: readonly LedgerEpoch[]): HTMLElement {
  const rows = [...epochs]
    .reverse()
    .map(({ epoch, expected, firstStep, sequences, state, steps }) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, String(epoch)),
        h('td', {}, `${number(steps)} from ${number(firstStep)}`),
        h(
          'td',
          {},
          expected === null ? number(sequences) : `${number(sequences)} of ${number(expected)}`,
        ),
        h('td', {}, stateWords[state]),
      ),
    );
  return scrolling(
    'epochs',
    h(
      'table.epochs',
      {},
      h('thead', {}, h('tr', {}, ...epochHeads.map((head) => h('th', { scope: 'col' }, head)))),
      h('tbody', {}, ...rows),
    ),
  );
}

const stateWords: Readonly<Record<LedgerEpoch['state'], string>> = {
  whole: 'whole',
  open: 'under way',
  partial: 'steps of it are not recorded',
};

function auditText(audit: AuditState): string {
  switch (audit.kind) {
    case 'none':
      return 'Compares the whole ledger with job and dataset: whether every user was trained, exactly once an epoch.';
    case 'runs':
      return `An audit is under way, begun ${ago(audit.since, Date.now())} …`;
    case 'failed':
      return `Could not be audited: ${audit.message}`;
    case 'done': {
      const count = audit.differencesCount;
      const verdict = audit.isPassed ? 'passed' : `FAILED with ${number(count)} differences`;
      return `Audited ${ago(audit.time, Date.now())}: ${verdict}`;
    }
  }
}

function found({ differences, facts }: Extract<AuditState, { kind: 'done' }>): HTMLElement[] {
  return [
    h('ul.problems', {}, ...differences.map((text) => h('li', {}, text))),
    h('dl.facts', {}, ...facts.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
  ];
}
