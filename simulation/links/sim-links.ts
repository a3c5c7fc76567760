/** A worker's links in the simulation, as its control has them. */
import type { MessagePort } from 'node:worker_threads';
import type { Generation } from '../../shared/ids.js';
import { samePosition } from '../../shared/membership/position.js';
import { ExchangeAbortedError } from '../../worker/collective/errors.js';
import type {
  CopyRequest,
  StateOffer,
  WorkerLinks,
} from '../../worker/control/shell/worker-parts.js';
import type { SharedState } from '../../worker/training/messages.js';
import type { SimProcess } from '../time/sim-process.js';
import { SimGeneration } from './sim-generation.js';
import type { LinkEnd, LinkMessage, SimNetwork } from './sim-network.js';

type Trouble = Parameters<Parameters<WorkerLinks['onTrouble']>[0]>[0];

/** What is asked of a holder: first what it has, then its bytes. */
interface Question {
  readonly wanted: CopyRequest['wanted'];
  readonly bytes: boolean;
}

/** What a holder says. */
type StatePart =
  | ({ readonly kind: 'offer' } & StateOffer)
  | { readonly kind: 'bytes'; readonly section: string; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'refused'; readonly early: boolean; readonly why: string };

interface Copying {
  readonly request: CopyRequest;
  readonly resolve: (offer: StateOffer) => void;
  readonly reject: (error: Error) => void;
  /** What is being copied, and where to. */
  offer: StateOffer | null;
  into: SharedState['sections'] | null;
}

/** The holder has no such state now; asked later it may. */
export class StateNotThereError extends Error {
  override readonly name = 'StateNotThereError';
  readonly code = 'STATE_ABSENT';
}

/** The copy of a large state is seen to move so often, in milliseconds. */
const pieceTime = 1000;

export class SimLinks implements WorkerLinks, LinkEnd {
  readonly address: string;
  readonly process: SimProcess;
  readonly #network: SimNetwork;
  readonly #copyTime: number;
  readonly #generations = new Map<number, SimGeneration>();
  /** Who has said hello for a generation that we have not been told to link yet. */
  readonly #early = new Map<number, Set<string>>();
  readonly #troubled: ((trouble: Trouble) => void)[] = [];
  readonly #copying = new Map<string, Copying>();
  /** That was prepared, or connected. */
  #newest = -1;
  /** That was connected, or dropped. */
  #begun = -1;
  #copies = 0;
  #served: SharedState | null = null;
  /** Who takes whatever comes next. */
  readonly #waiting: (() => void)[] = [];

  /** @param copyTime of a state, in milliseconds */
  constructor(network: SimNetwork, process: SimProcess, copyTime: number) {
    this.address = network.newAddress();
    this.process = process;
    this.#network = network;
    this.#copyTime = copyTime;
    network.listen(this);
  }

  prepare(request: Parameters<WorkerLinks['prepare']>[0]): void {
    if (request.generation > this.#newest) this.#begin(request);
  }

  async connect(request: Parameters<WorkerLinks['connect']>[0]): Promise<MessagePort> {
    const { connectDeadline, generation } = request;
    if (generation <= this.#begun || generation < this.#newest) {
      const newest = Math.max(this.#begun, this.#newest);
      throw new ExchangeAbortedError(`generation ${newest} had begun before ${generation}`);
    }
    this.#begun = generation;
    const opened = this.#generations.get(generation) ?? this.#begin(request);
    opened.askFor(connectDeadline);
    await opened.met;
    // The training thread of the simulation knows what it is.
    return opened as unknown as MessagePort;
  }

  #begin(request: Parameters<WorkerLinks['prepare']>[0]): SimGeneration {
    const { generation } = request;
    this.#newest = generation;
    for (const [older, { isUnderWay }] of this.#generations) {
      if (!isUnderWay) this.drop(older as Generation, `generation ${generation} has begun`);
    }
    const opened = new SimGeneration({
      ...request,
      process: this.process,
      send: (to, message) => this.#network.send(this, to, message),
      onTrouble: (peer, how, detail) => {
        for (const listener of this.#troubled) listener({ generation, peer, how, detail });
      },
      onDiscard: () => {
        if (this.#generations.get(generation) === opened) this.#generations.delete(generation);
      },
    });
    this.#generations.set(generation, opened);
    for (const from of this.#early.get(generation) ?? []) opened.hello(from);
    this.#early.clear();
    return opened;
  }

  /** Messages of the simulation have no bytes. */
  async traffic(): Promise<[]> {
    return [];
  }

  drop(generation: Generation, reason: string): void {
    const opened = this.#generations.get(generation);
    if (opened === undefined) return;
    this.#begun = Math.max(this.#begun, generation);
    opened.drop(reason);
    this.#generations.delete(generation);
  }

  onTrouble(listener: (trouble: Trouble) => void): void {
    this.#troubled.push(listener);
  }

  serve(state: SharedState | null): void {
    this.#served = state;
    if (state !== null) for (const answer of this.#waiting.splice(0)) answer();
  }

  copy(request: CopyRequest): Promise<StateOffer> {
    const copy = `${this.address}/${++this.#copies}`;
    return new Promise((resolve, reject) => {
      this.#copying.set(copy, { request, resolve, reject, offer: null, into: null });
      request.signal.addEventListener('abort', () => {
        if (this.#copying.delete(copy)) reject(new ExchangeAbortedError('the copy was cancelled'));
      });
      this.#ask(copy, request, false);
    });
  }

  #ask(
    copy: string,
    { address, wanted }: Pick<CopyRequest, 'address' | 'wanted'>,
    bytes: boolean,
  ): void {
    const question: Question = { wanted, bytes };
    this.#network.send(this, address, { kind: 'ask-state', copy, question });
  }

  receive(from: string, message: LinkMessage): void {
    switch (message.kind) {
      case 'hello': {
        const { generation } = message;
        const opened = this.#generations.get(generation);
        if (opened !== undefined) opened.hello(from);
        else if (generation > this.#newest) this.#rememberEarly(generation, from);
        else this.#network.send(this, from, { kind: 'refused', generation });
        return;
      }
      case 'ready':
        this.#generations.get(message.generation)?.ready(from);
        return;
      case 'refused':
        this.#generations.get(message.generation)?.refused(from);
        return;
      case 'part':
        this.#generations.get(message.generation)?.part(from, message.tag, message.part);
        return;
      case 'closed':
        this.#hearClosed(from, message.generation, message.why);
        return;
      case 'ask-state':
        this.#answer(from, message.copy, message.question as Question);
        return;
      case 'state-part':
        this.#take(message.copy, message.part as StatePart);
        return;
    }
  }

  #rememberEarly(generation: number, from: string): void {
    const early = this.#early.get(generation) ?? new Set();
    this.#early.set(generation, early.add(from));
  }

  #hearClosed(from: string, generation: number | null, why: string): void {
    for (const [of, opened] of this.#generations) {
      if (generation === null || generation === of) opened.closed(from, why);
    }
    for (const [of, early] of this.#early) {
      if (generation === null || generation === of) early.delete(from);
    }
    if (generation !== null) return;
    for (const [copy, { request, reject }] of this.#copying) {
      if (request.address !== from) continue;
      this.#copying.delete(copy);
      reject(new Error(`Cannot copy the state of ${from}: ${why}`));
    }
  }

  #answer(to: string, copy: string, { wanted, bytes }: Question): void {
    const tell = (part: StatePart): void =>
      this.#network.send(this, to, { kind: 'state-part', copy, part });
    const state = this.#served;
    if (state === null && wanted.kind === 'next') {
      this.#waiting.push(() => this.#answer(to, copy, { wanted, bytes }));
      return;
    }
    if (state === null || !isWanted(state, wanted)) {
      const why = state === null ? 'it holds none' : 'it holds another';
      tell({ kind: 'refused', early: true, why });
    } else if (bytes) this.#sendPieces(state, tell);
    else tell({ kind: 'offer', position: state.position, header: state.header });
  }

  /** Each is read when it is sent: a holder must not change its state meanwhile. */
  #sendPieces(state: SharedState, tell: (part: StatePart) => void): void {
    const all = Object.entries(state.sections) as [string, Float32Array][];
    // As ranges of a large one do, they tell often that the copy moves.
    const times = Math.ceil(this.#copyTime / all.length / pieceTime);
    const sections = all.flatMap((section) => Array.from({ length: times }, () => section));
    const next = (at: number): void => {
      const [section, vector] = sections[at] ?? [null, null];
      if (this.#served !== state) {
        tell({ kind: 'refused', early: false, why: 'its state has moved' });
      } else if (section === null) tell({ kind: 'end' });
      else {
        tell({ kind: 'bytes', section, bytes: bytesOf(vector).slice() });
        this.process.after(this.#copyTime / sections.length, () => next(at + 1));
      }
    };
    next(0);
  }

  #take(copy: string, part: StatePart): void {
    const copying = this.#copying.get(copy);
    if (copying === undefined) return;
    const { request, resolve, reject, offer, into } = copying;
    switch (part.kind) {
      case 'offer':
        this.#makeRoom(copy, copying, part);
        return;
      case 'bytes':
        if (into !== null) bytesOf(into[part.section as keyof typeof into]).set(part.bytes);
        request.onBytes();
        return;
      case 'end':
        this.#copying.delete(copy);
        resolve(offer as StateOffer);
        return;
      case 'refused': {
        this.#copying.delete(copy);
        const what = `Cannot copy the state of ${request.address}: ${part.why}`;
        reject(part.early ? new StateNotThereError(what) : new Error(what));
      }
    }
  }

  #makeRoom(copy: string, copying: Copying, { position, header }: StateOffer): void {
    const { request, reject } = copying;
    copying.offer = { position, header };
    request.room(copying.offer).then(
      (sections) => {
        copying.into = sections;
        if (!this.#copying.has(copy)) return;
        const { address } = request;
        this.#ask(copy, { address, wanted: { kind: 'position', position } }, true);
      },
      (error: unknown) => {
        if (this.#copying.delete(copy)) reject(error as Error);
      },
    );
  }
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

const isWanted = ({ position }: SharedState, wanted: CopyRequest['wanted']): boolean =>
  wanted.kind === 'next' ||
  (wanted.kind === 'position'
    ? samePosition(position, wanted.position)
    : position.committedSteps === wanted.committedSteps);
