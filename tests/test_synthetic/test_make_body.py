import numpy as np
import smplx
import torch

from mmpose_ext.body_models import load_standin, standin_vertex_ids


def test_written_body_is_read_by_smplx(run_command, repository, tmp_path):
    maker = repository / 'tools' / 'make_synthetic.py'
    run_command('python', maker, 'body', '--out', tmp_path / 'standin')
    for gender in ('neutral', 'male', 'female'):
        file = tmp_path / 'standin' / f'SMPL_{gender.upper()}.pkl'
        body = smplx.SMPL(file, gender=gender, vertex_ids=standin_vertex_ids())
        betas = torch.linspace(-1, 1, 10)[None]
        vertices, _ = load_standin(gender).skin(betas[0].numpy(), np.zeros((24, 3)), np.zeros(3))
        posed = body(betas=betas).vertices[0].detach().numpy()
        np.testing.assert_allclose(posed, vertices, atol=1e-5)
