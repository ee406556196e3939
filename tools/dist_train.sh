#!/usr/bin/env bash
# Train with several processes:  tools/dist_train.sh CONFIG PROCESSES [flags of train.py]
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT, the same command on each.
set -euo pipefail
if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG PROCESSES [flags of train.py]" >&2
    exit 2
fi
CONFIG=$1
PROCESSES=$2
shift 2
exec "$(dirname "$0")/_launch.sh" "$PROCESSES" train.py "$CONFIG" --launcher pytorch "$@"
