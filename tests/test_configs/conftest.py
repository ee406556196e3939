import pytest


@pytest.fixture(scope='session')
def project(tmp_path_factory, run_command, repository):
    """A folder with tiny generated data where the synthetic configs look for them."""
    folder = tmp_path_factory.mktemp('project')
    maker = repository / 'tools' / 'make_synthetic.py'
    run_command(
        *('python', maker, 'pose', '--out', 'data/synthetic', '--size', 'tiny', '--workers', '0'),
        cwd=folder,
    )
    return folder
