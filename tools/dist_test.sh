#!/usr/bin/env bash
# Test with several processes:  tools/dist_test.sh CONFIG CHECKPOINT PROCESSES [flags of test.py]
# Several machines: NNODES, NODE_RANK, MASTER_ADDR and PORT, the same command on each.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 CONFIG CHECKPOINT PROCESSES [flags of test.py]" >&2
    exit 2
fi
CONFIG=$1
CHECKPOINT=$2
PROCESSES=$3
shift 3
exec "$(dirname "$0")/_launch.sh" "$PROCESSES" test.py "$CONFIG" "$CHECKPOINT" --launcher pytorch "$@"
