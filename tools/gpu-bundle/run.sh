#!/usr/bin/env bash
# Builds, tests and measures Lockstep on a machine with PyTorch, CMake and a C++ compiler. Needs no
# Node, no npm and no network: see docs/gpu.md.
#
#   ./run.sh [OUT] [--short] [--minutes 9.5] [--only PART_OF_A_NAME ...]
#
# PYTHON names another python3. Whoever ends it early finds in OUT what was done until then.
set -euo pipefail
root=$(cd "$(dirname "$0")" && pwd)

exec "$root/bin/node" "$root/dist/bench/gpu-report/main.js" "$@"
