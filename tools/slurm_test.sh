#!/usr/bin/env bash
# Test on a Slurm cluster:  tools/slurm_test.sh PARTITION JOB_NAME CONFIG CHECKPOINT [flags of test.py]
# Environment: GPUS (8), GPUS_PER_NODE (8), CPUS_PER_TASK (5), SRUN_ARGS.
set -euo pipefail
if [ $# -lt 4 ]; then
    echo "usage: $0 PARTITION JOB_NAME CONFIG CHECKPOINT [flags of test.py]" >&2
    exit 2
fi
PARTITION=$1
JOB_NAME=$2
shift 2
exec "$(dirname "$0")/_srun.sh" "$PARTITION" "$JOB_NAME" test.py "$@"
