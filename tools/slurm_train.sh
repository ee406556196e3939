#!/usr/bin/env bash
# Train on a Slurm cluster:  tools/slurm_train.sh PARTITION JOB_NAME CONFIG [WORK_DIR [flags of train.py]]
# Environment: GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5), SRUN_ARGS.
set -euo pipefail
if [ $# -lt 3 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG [WORK_DIR [flags of train.py]]" >&2
    exit 2
fi
PARTITION=$1
JOB_NAME=$2
CONFIG=$3
shift 3
WORK_DIR=()
if [ $# -gt 0 ]; then
    WORK_DIR=(--work-dir "$1")
    shift
fi
exec "$(dirname "$0")/_srun.sh" "$PARTITION" "$JOB_NAME" train.py "$CONFIG" "${WORK_DIR[@]}" "$@"
