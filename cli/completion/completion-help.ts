import { exitCodeHelp } from '../exit-code-help.js';

export const completionHelp = `Prints a script by which a shell completes the commands and options of lockstep.

Usage: lockstep completion bash|zsh|fish

Examples:
  echo 'eval "$(lockstep completion bash)"' >> ~/.bashrc
  lockstep completion zsh > "\${fpath[1]}/_lockstep"
  lockstep completion fish > ~/.config/fish/completions/lockstep.fish

A shell completes what is called lockstep: in a checkout, after alias lockstep='npx lockstep'.

${exitCodeHelp}`;
