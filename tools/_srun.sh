#!/usr/bin/env bash
# Start a tool on a Slurm cluster:  tools/_srun.sh PARTITION JOB_NAME TOOL [its arguments]
set -euo pipefail
PARTITION=$1
JOB_NAME=$2
TOOL=$3
shift 3
ROOT="$(cd "$(dirname "$0")/.." && pwd)"
GPUS=${GPUS:-8}
GPUS_PER_NODE=${GPUS_PER_NODE:-8}
if [ "$GPUS" -lt "$GPUS_PER_NODE" ]; then GPUS_PER_NODE=$GPUS; fi
# SRUN_ARGS holds several words on purpose.
read -r -a EXTRA <<<"${SRUN_ARGS:-}"

export PYTHONPATH="$ROOT${PYTHONPATH:+:$PYTHONPATH}"
exec srun --partition="$PARTITION" --job-name="$JOB_NAME" \
    --gres="gpu:$GPUS_PER_NODE" --ntasks="$GPUS" --ntasks-per-node="$GPUS_PER_NODE" \
    --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 \
    "${EXTRA[@]}" \
    "${PYTHON:-python}" -u "$ROOT/tools/$TOOL" "$@" --launcher slurm
