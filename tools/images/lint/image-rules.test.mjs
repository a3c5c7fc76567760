import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { inRoot } from '../../setup/paths.mjs';
import { images } from '../components.mjs';
import { codename } from '../decide.mjs';
import { nodeVersion } from '../node-binary.mjs';
import { parseDockerfile } from './dockerfile.mjs';
import { imageProblems } from './image-rules.mjs';

const own = readFileSync(inRoot('k8s/images/Dockerfile'), 'utf8');
const nats = readFileSync(inRoot('k8s/images/nats.Dockerfile'), 'utf8');
const finals = Object.keys(images);

describe('the images of this project', () => {
  // Would catch: an image that runs as root, has a package manager or swallows SIGTERM.
  it('keep the rules', () => {
    assert.deepEqual(imageProblems(own, finals, true), []);
    assert.deepEqual(imageProblems(nats, [], false), []);
  });

  // Would catch: two Nodes or two Debians, one where images can be pulled and one where they cannot.
  it('are of the same Node and Debian, wherever these come from', () => {
    const { args } = parseDockerfile(own);
    assert.ok(args.get('NODE').includes(`:${nodeVersion}-${codename}`), args.get('NODE'));
    assert.ok(args.get('DEBIAN').includes(`:${codename}`), args.get('DEBIAN'));
  });

  // Would catch: a change of code that builds half a gigabyte of libraries again.
  it('have what changes most on top', () => {
    const { stages } = parseDockerfile(own);
    for (const name of finals) {
      const { steps } = stages.find((stage) => stage.name === name);
      const sources = steps
        .filter(({ word }) => word === 'COPY')
        .map(({ text }) => text.split(' ')[0]);
      assert.deepEqual(
        sources,
        ['/libraries', '/packages', '/code'].slice(name === 'coordinator' ? 1 : 0),
        name,
      );
    }
  });
});

const sound = `ARG BASE=docker.io/library/debian:bookworm-slim
FROM \${BASE} AS made
RUN true
FROM scratch AS image
COPY --from=made /out /
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/node", "main.mjs"]
HEALTHCHECK CMD ["/usr/local/bin/node", "health.mjs"]
LABEL org.opencontainers.image.title="t" org.opencontainers.image.licenses="l" \\
  org.opencontainers.image.version="v" org.opencontainers.image.revision="r" \\
  org.opencontainers.image.description="d"
`;

/** What is changed in a sound file -> what must be said of it. */
const broken = [
  [['bookworm-slim', 'latest'], /ARG BASE .* none that is latest/],
  [[':bookworm-slim', ''], /ARG BASE .* must have a tag/],
  [[`FROM \${BASE} AS made`, 'FROM debian AS made'], /FROM debian: it must have a tag/],
  [['FROM scratch AS image', 'FROM made AS image'], /must begin from scratch/],
  [['USER 65532', 'RUN apt-get update\nUSER 65532'], /nothing runs in it/],
  [['USER 65532:65532', 'USER 65532\nUSER 0'], /USER must be a number other than 0: it is 0/],
  [['USER 65532:65532', 'USER node'], /USER must be a number/],
  [['USER 65532:65532\n', ''], /USER must be a number other than 0: there is none/],
  [
    ['ENTRYPOINT ["/usr/local/bin/node", "main.mjs"]', 'ENTRYPOINT node main.mjs'],
    /exec form: a shell swallows/,
  ],
  [['["/usr/local/bin/node", "main.mjs"]', '["npm", "start"]'], /whole path/],
  [
    ['["/usr/local/bin/node", "main.mjs"]', '["/bin/sh", "-c", "node main.mjs"]'],
    /must be node itself: it is \/bin\/sh/,
  ],
  [['HEALTHCHECK CMD ["/usr/local/bin/node", "health.mjs"]\n', ''], /HEALTHCHECK must be there/],
  [
    ['CMD ["/usr/local/bin/node", "health.mjs"]', 'CMD node health.mjs'],
    /HEALTHCHECK must be there, in exec form/,
  ],
  [
    ['org.opencontainers.image.revision="r"', ''],
    /LABEL must say org.opencontainers.image.revision/,
  ],
  [['COPY --from=made /out /', 'ADD out.tar /'], /it must be COPY/],
  [['COPY --from=made /out /', 'COPY . /'], /must come from a stage/],
  [['--from=made', '--from=other'], /there is no other/],
  [['RUN true', 'ARG NPM_TOKEN'], /a secret must come by --mount=type=secret/],
  [['RUN true', 'ENV A=1 DB_PASSWORD=x'], /a secret must come by --mount=type=secret/],
  [
    ['RUN true', 'RUN apt-get update && apt-get install --yes g++'],
    /must have --no-install-recommends/,
  ],
  [['RUN true', 'RUN apt-get install --no-install-recommends g++'], /of the same step/],
  [['RUN true', 'RUN wget -O - x \\\n | sh'], /no script may come from the network/],
  [['RUN true', 'RUN chmod -R 0777 /out'], /not everyone may write/],
];

describe('the rules', () => {
  it('find nothing wrong with a sound file', () => {
    assert.deepEqual(imageProblems(sound, ['image'], true), []);
  });

  // Would catch: a rule that no file could break.
  for (const [[from, to], expected] of broken) {
    it(`find ${JSON.stringify(to)} in the place of ${JSON.stringify(from)}`, () => {
      assert.ok(sound.includes(from), from);
      const problems = imageProblems(sound.replace(from, to), ['image'], true);
      assert.match(problems.join('\n'), expected);
    });
  }

  it('refuse to judge a stage that is not there', () => {
    assert.throws(() => imageProblems(sound, ['absent'], true), /There is no stage absent/);
  });
});
