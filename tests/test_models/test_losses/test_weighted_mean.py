import subprocess
import sys
from pathlib import Path

import pytest
import torch

from mmpose_ext.models.losses.simcc_divergence import weighted_mean

# Each of two processes holds three of six samples, with very different numbers of labels.
PROCESS = """
import sys
import torch
import torch.distributed as dist
from mmpose_ext.models.losses.simcc_divergence import weighted_mean

rank, store, output = int(sys.argv[1]), *sys.argv[2:]
dist.init_process_group('gloo', init_method=f'file://{store}', rank=rank, world_size=2)
data = torch.load(output + '.in')
part = slice(3 * rank, 3 * rank + 3)
for normalization in ('batch', 'sample'):
    values = data['values'][part].clone().requires_grad_()
    weighted_mean(values, data['weights'][part], normalization).backward()
    torch.save(values.grad / 2, f'{output}.{normalization}.{rank}')
dist.destroy_process_group()
"""


@pytest.mark.slow
def test_two_processes_have_the_gradient_of_the_whole_batch(tmp_path: Path) -> None:
    """DistributedDataParallel averages gradients, hence the division by two."""
    values, weights = torch.rand(6, 5), torch.rand(6, 5)
    weights[:3] *= torch.rand(3, 5) > 0.8
    output = str(tmp_path / 'gradient')
    torch.save(dict(values=values, weights=weights), f'{output}.in')
    store = str(tmp_path / 'store')
    processes = [
        subprocess.Popen([sys.executable, '-c', PROCESS, str(rank), store, output])
        for rank in range(2)
    ]
    assert [process.wait(timeout=300) for process in processes] == [0, 0]
    for normalization in ('batch', 'sample'):
        whole = values.clone().requires_grad_()
        weighted_mean(whole, weights, normalization).backward()
        parts = [torch.load(f'{output}.{normalization}.{rank}') for rank in range(2)]
        torch.testing.assert_close(torch.cat(parts), whole.grad)
