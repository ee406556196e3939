#!/usr/bin/env bash
# Start a tool in several processes:  tools/_launch.sh PROCESSES TOOL [its arguments]
set -euo pipefail
PROCESSES=$1
TOOL=$2
shift 2
ROOT="$(cd "$(dirname "$0")/.." && pwd)"
PYTHON=${PYTHON:-python}
NNODES=${NNODES:-1}

# 29500 is PyTorch's port. On one machine, a second training takes a free one instead.
free_port='
import socket
with socket.socket() as probe:
    try:
        probe.bind(("127.0.0.1", 29500))
    except OSError:
        probe.bind(("127.0.0.1", 0))
    print(probe.getsockname()[1])'
if [ -z "${PORT:-}" ]; then
    if [ "$NNODES" = 1 ]; then PORT=$("$PYTHON" -c "$free_port"); else PORT=29500; fi
fi

# One thread per process unless told otherwise: the processes share the cores.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
export PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}"
exec "$PYTHON" -m torch.distributed.run \
    --nnodes="$NNODES" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="$PORT" \
    --nproc_per_node="$PROCESSES" "$ROOT/tools/$TOOL" "$@"
