/** What an image must be, going by its Dockerfile. */
import { chainOf, execWords, lastStep, parseDockerfile } from './dockerfile.mjs';

/** What ends up in an image's history and environment, for everyone to read. */
const secretNames = /(^|_)(token|password|passwd|secret|api_?key|private_?key|credentials?)(_|$)/i;
const labels = ['title', 'licenses'].map((name) => `org.opencontainers.image.${name}`);
const ownLabels = ['version', 'revision', 'description'].map(
  (name) => `org.opencontainers.image.${name}`,
);

/**
 * @param text of a Dockerfile
 * @param finals names of the stages that are images; none: the last stage
 * @param own whether it is an image with Lockstep inside
 * @returns problems, `line N: what is: what must be`
 */
export function imageProblems(text, finals, own) {
  const { args, stages } = parseDockerfile(text);
  const images = finals.length === 0 ? [stages.at(-1)] : finals.map((name) => byName(stages, name));
  return [
    ...[...args].flatMap(([name, value]) => baseProblems(1, value, `ARG ${name}`)),
    ...stages.flatMap((stage) => stageProblems(stages, stage)),
    ...images.flatMap((stage) => finalProblems(chainOf(stages, stage), own)),
  ];
}

function byName(stages, name) {
  const stage = stages.find((each) => each.name === name);
  if (stage === undefined) throw new Error(`There is no stage ${name}`);
  return stage;
}

function stageProblems(stages, stage) {
  const isStage = stages.some(({ name }) => name !== null && name === stage.base);
  return [
    ...(isStage || stage.base === 'scratch' ? [] : baseProblems(stage.line, stage.base, 'FROM')),
    ...stage.steps.flatMap((step) => stepProblems(stages, step)),
  ];
}

/** A version, so that two builds are of the same; never one that moves on. */
function baseProblems(line, image, where) {
  const tag = /@sha256:[0-9a-f]{64}$|:([^:/]+)$/.exec(image);
  if (tag !== null && tag[1] !== 'latest') return [];
  return [`line ${line}: ${where} ${image}: it must have a tag, and none that is latest`];
}

function stepProblems(stages, { word, text, flags, line }) {
  const problems = [];
  const say = (what) => problems.push(`line ${line}: ${word} ${text.slice(0, 60)}: ${what}`);
  if (word === 'ADD') say('it must be COPY, which fetches and unpacks nothing');
  if (word === 'ARG' || word === 'ENV') {
    const names = [...text.matchAll(/(?:^|\s)(\w+)(?==|$)/g)].map((match) => match[1]);
    if (names.some((name) => secretNames.test(name))) {
      say('a secret must come by --mount=type=secret, which leaves nothing behind');
    }
  }
  if (word === 'RUN') {
    if (/\b(curl|wget)\b[^|]*\|\s*(ba|da)?sh\b/.test(text))
      say('no script may come from the network');
    if (/\bchmod\b.*\b0?777\b/.test(text)) say('not everyone may write');
    if (/\bapt-get install\b/.test(text)) {
      if (!text.includes('--no-install-recommends')) say('it must have --no-install-recommends');
      if (!text.includes('apt-get update')) say('its list of packages must be of the same step');
    }
  }
  const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length);
  if (from !== undefined && !stages.some(({ name }) => name === from)) {
    say(`--from must name a stage: there is no ${from}`);
  }
  return problems;
}

function finalProblems(chain, own) {
  const [stage] = chain;
  const problems = [];
  const say = (line, what) => problems.push(`line ${line}: image ${stage.name ?? ''}: ${what}`);
  const first = chain.at(-1);
  if (first.base !== 'scratch')
    say(first.line, 'it must begin from scratch: nothing unneeded inside');
  for (const { steps } of chain) {
    for (const { word, text, flags, line } of steps) {
      if (word === 'RUN') say(line, 'nothing runs in it: whatever that needs would stay inside');
      const isContext = word === 'COPY' && !flags.some((flag) => flag.startsWith('--from='));
      if (isContext && own) say(line, `COPY ${text}: its files must come from a stage`);
    }
  }
  const user = lastStep(chain, 'USER');
  if (user === null || !/^[1-9]\d*(:[1-9]\d*)?$/.test(user.text)) {
    const is = user === null ? 'there is none' : `it is ${user.text}`;
    say(user?.line ?? stage.line, `USER must be a number other than 0: ${is}`);
  }
  entryProblems(chain, own, say);
  labelProblems(chain, own, say);
  return problems;
}

function entryProblems(chain, own, say) {
  const entry = lastStep(chain, 'ENTRYPOINT');
  const words = entry === null ? null : execWords(entry.text);
  const line = entry?.line ?? chain[0].line;
  if (words === null) say(line, 'ENTRYPOINT must be in exec form: a shell swallows signals');
  else if (!words[0]?.startsWith('/'))
    say(line, 'ENTRYPOINT must name its program by a whole path');
  else if (own && !words[0].endsWith('/node')) {
    say(line, `ENTRYPOINT must be node itself: it is ${words[0]}`);
  }
  const command = lastStep(chain, 'CMD');
  if (command !== null && execWords(command.text) === null) {
    say(command.line, 'CMD must be in exec form');
  }
  if (!own) return;
  const health = lastStep(chain, 'HEALTHCHECK');
  const asks = health === null ? null : execWords(health.text.replace(/^.*?\bCMD\s+/, ''));
  if (asks === null) say(health?.line ?? chain[0].line, 'HEALTHCHECK must be there, in exec form');
}

function labelProblems(chain, own, say) {
  const texts = chain.flatMap(({ steps }) => steps.filter(({ word }) => word === 'LABEL'));
  for (const label of [...labels, ...(own ? ownLabels : [])]) {
    if (!texts.some(({ text }) => text.includes(`${label}=`))) {
      say(chain[0].line, `LABEL must say ${label}`);
    }
  }
}
