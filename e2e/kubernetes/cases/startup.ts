/** How long a launch takes, and whose time it is: a report, since a shared machine's seconds decide nothing. */
import { loadavg } from 'node:os';
import type { KubernetesCase } from '../kubernetes-case.js';
import { measureStartup } from '../startup/measure-startup.js';
import { secondsOf } from '../startup/phases.js';

/** The first one meets what nobody has used yet. */
const launches = 2;

export const startup: KubernetesCase = {
  name: 'startup',
  title: 'from kubectl apply to the first committed step, by phase',
  compares: [],
  async run(scene) {
    for (let number = 1; number <= launches; number++) {
      const phases = await measureStartup(scene, `movies-${number}`);
      const seconds = Object.fromEntries(
        phases.map((phase) => [phase.name.replaceAll(' ', '_'), rounded(phase.seconds)]),
      );
      const line = {
        kind: 'startup',
        launch: number,
        seconds,
        total_seconds: rounded(secondsOf(phases)),
        ours_seconds: rounded(secondsOf(phases.filter(({ isOurs }) => isOurs))),
        load: rounded(loadavg()[0] ?? 0),
      };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    }
  },
};

const rounded = (value: number): number => Math.round(value * 1000) / 1000;
