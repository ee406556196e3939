import io
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmpose_ext.apis.jobs import Job, JobFailedError, run_jobs


def python_job(folder: Path, name: str, code: str) -> Job:
    return Job(name, (sys.executable, '-c', code), folder / f'{name}.log', expected_s=1.0)


def test_jobs_run_in_order_and_only_once(tmp_path):
    trace = tmp_path / 'trace'
    jobs = [
        python_job(tmp_path, name, f"open({str(trace)!r}, 'a').write('{name} ')")
        for name in ('first', 'second')
    ]
    run_jobs(jobs, io.StringIO())
    out = io.StringIO()
    run_jobs(jobs, out)
    assert trace.read_text() == 'first second '
    assert out.getvalue().count('done before') == 2


def test_changed_command_runs_again(tmp_path):
    run_jobs([python_job(tmp_path, 'job', 'print(1)')], io.StringIO())
    out = io.StringIO()
    run_jobs([python_job(tmp_path, 'job', 'print(2)')], out)
    assert 'done before' not in out.getvalue()
    assert (tmp_path / 'job.log').read_text().splitlines()[-1] == '2'


def test_failure_names_job_and_shows_log(tmp_path):
    jobs = [
        python_job(tmp_path, 'broken', "raise SystemExit('no such picture')"),
        python_job(tmp_path, 'never', "open('never', 'w')"),
    ]
    with pytest.raises(JobFailedError, match='(?s)broken.*no such picture'):
        run_jobs(jobs, io.StringIO())
    assert not jobs[0].stamp.exists() and not jobs[1].log.exists()


def test_the_cause_of_a_failure_is_shown_rather_than_torchruns_end(tmp_path):
    code = (
        "print('ValueError: no such picture'); "
        "print('E1126 torch/elastic/api.py:1002] failed (exitcode: 1) rank 0'); "
        "print('Traceback of the launcher\\n' * 40); raise SystemExit(1)"
    )
    with pytest.raises(JobFailedError) as caught:
        run_jobs([python_job(tmp_path, 'broken', code)], io.StringIO())
    assert 'no such picture' in str(caught.value).splitlines()[-1]


def test_progress_says_what_runs_and_what_is_left(tmp_path):
    job = Job(
        'slow',
        (sys.executable, '-c', 'import time; time.sleep(1.2)'),
        tmp_path / 'slow.log',
        60,
        lambda: 0.5,
    )
    out = io.StringIO()
    run_jobs([job], out)
    assert '[1/1] slow:  50%' in out.getvalue() and 'left in all' in out.getvalue()


def test_interrupt_stops_grandchildren(tmp_path, interruptible):
    heartbeat = tmp_path / 'heartbeat'
    grandchild = (
        'import time\nwhile True:\n'
        f'    open({str(heartbeat)!r}, "w").write(str(time.time())); time.sleep(0.05)'
    )
    child = f'import subprocess, sys; subprocess.run([sys.executable, "-c", {grandchild!r}])'
    runner = (
        'import sys; from pathlib import Path; from mmpose_ext.apis.jobs import Job, run_jobs; '
        f'log = Path({str(tmp_path / "job.log")!r}); '
        f'run_jobs([Job("job", (sys.executable, "-c", {child!r}), log, 9)])'
    )
    process = subprocess.Popen(
        [sys.executable, '-c', runner], stderr=subprocess.DEVNULL, preexec_fn=interruptible
    )
    deadline = time.monotonic() + 60
    while not heartbeat.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)
    time.sleep(0.5)
    last = heartbeat.read_text()
    time.sleep(0.5)
    assert heartbeat.read_text() == last
