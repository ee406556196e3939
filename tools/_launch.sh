#!/usr/bin/env bash
# Start a tool in several processes:  tools/_launch.sh PROCESSES TOOL [its arguments]
set -euo pipefail
PROCESSES=$1
TOOL=$2
shift 2
ROOT="$(cd "$(dirname "$0")/.." && pwd)"
PYTHON=${PYTHON:-python}
NNODES=${NNODES:-1}

# One machine takes a free port, so that trainings do not meet. Several need one they all know.
if [ "$NNODES" = 1 ] && [ -z "${PORT:-}" ]; then
    MEETING=(--standalone --local-addr 127.0.0.1)
else
    MEETING=(--nnodes="$NNODES" --node_rank="${NODE_RANK:-0}"
        --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}")
fi

# One thread per process unless told otherwise: the processes share the cores.
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
export PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}"
exec "$PYTHON" -m torch.distributed.run "${MEETING[@]}" \
    --nproc_per_node="$PROCESSES" "$ROOT/tools/$TOOL" "$@"
