"""Authors' snapshots, made of random tensors under the names their code saves."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmpose.models.backbones import ResNet
from torch import Tensor, nn

from mmpose_ext.apis.crowdnet_checkpoint import convert_crowdnet, crowdnet_model
from mmpose_ext.registry import MODELS


def published_modules(in_channels: int) -> dict[str, nn.Module]:
    """Modules of the published network's shapes by their published names."""
    modules: dict[str, nn.Module] = {
        'backbone': ResNet(depth=50, in_channels=in_channels),
        'pose2feat.conv.0': nn.Conv2d(94, 64, 3),
        'pose2feat.conv.1': nn.BatchNorm2d(64),
        'position_net.conv.0': nn.Conv2d(2048, 120, 1),
    }
    for name, size in dict(root_pose=6, pose=32, shape=10, cam=3).items():
        modules[f'rotation_net.{name}_out.0'] = nn.Linear(1920, size)
    for joint in range(15):
        for block, width in {
            'graph_block.0': 2052,
            **{f'graph_block.{i}.graph_block{j}': 128 for i in range(1, 5) for j in (1, 2)},
        }.items():
            prefix = f'rotation_net.{block}.fcbn_list.{joint}'
            modules[f'{prefix}.0'] = nn.Linear(width, 128)
            modules[f'{prefix}.1'] = nn.BatchNorm1d(128)
    for name, sizes in dict(fc1=(32, 512), fc2=(512, 512), out=(512, 126)).items():
        modules[f'vposer.vposer.bodyprior_dec_{name}'] = nn.Linear(*sizes)
    return modules


@pytest.fixture(scope='module')
def network() -> dict[str, Tensor]:
    torch.manual_seed(0)
    state = {
        f'module.{name}.{key}': value
        for name, module in published_modules(4).items()
        for key, value in module.state_dict().items()
    }
    for key, value in state.items():
        if key.endswith(('running_mean', 'running_var')):
            value.uniform_(0.5, 1.5)
    state['module.vposer.vposer.bodyprior_enc_fc1.weight'] = torch.zeros(2)
    state['module.human_model_layer.th_v_template'] = torch.zeros(1, 4, 3)
    state['module.smpl_overlap_backbone.module.backbone.conv1.weight'] = torch.zeros(2)
    return state


@pytest.fixture(scope='module')
def snapshot(network: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('authors') / 'snapshot_10.pth.tar'
    torch.save(dict(epoch=10, network=network, optimizer=dict(state={}, param_groups=[])), path)
    return path


def save(network: dict[str, Tensor], path: Path) -> Path:
    torch.save(dict(epoch=1, network=network), path)
    return path


def test_a_snapshot_becomes_the_state_of_our_model(
    network: dict[str, Tensor], snapshot: Path
) -> None:
    converted = convert_crowdnet(snapshot)
    assert converted.in_channels == 4
    assert len(converted.unused) == 3
    assert not converted.unknown
    model = MODELS.build(crowdnet_model(4) | dict(body_model=dict(path='standin')))
    model.load_state_dict(converted.state_dict, strict=True)

    for key, value in network.items():
        if key.startswith('module.backbone.'):
            assert torch.equal(converted.state_dict[key.removeprefix('module.')], value), key
    # A joint of a block in the middle, through layers of our own and through published ones.
    modules = published_modules(4)
    prefix = 'rotation_net.graph_block.3.graph_block2.fcbn_list.11'
    linear, norm = modules[f'{prefix}.0'], modules[f'{prefix}.1']
    for part, module in enumerate((linear, norm)):
        own = {key: network[f'module.{prefix}.{part}.{key}'] for key in module.state_dict()}
        module.load_state_dict(own)
    layer = model.mesh_head.graph[3].layers[1].eval()
    inputs = torch.randn(2, 15, 128)
    layer.adjacency = torch.eye(15)
    expected = norm.eval()(linear(inputs[:, 11])).relu()
    torch.testing.assert_close(layer(inputs)[:, 11], expected, rtol=1e-4, atol=1e-5)
    assert model.pose_prior.decode(torch.zeros(1, 32)).shape == (1, 21, 3, 3)


def test_the_network_has_the_published_size() -> None:
    model = MODELS.build(crowdnet_model(3) | dict(body_model=dict(path='standin')))
    count = sum(parameter.numel() for parameter in model.parameters())
    prior = sum(parameter.numel() for parameter in model.pose_prior.parameters())
    assert count == 30_208_169
    assert count - prior == 29_863_979
    edge = model.backbone.conv1.weight[:, :1].numel()
    assert edge == 3_136


def test_what_is_not_known_is_reported(network: dict[str, Tensor], tmp_path: Path) -> None:
    extended = network | {'module.extra.weight': torch.zeros(1)}
    converted = convert_crowdnet(save(extended, tmp_path / 'new.pth.tar'))
    assert converted.unknown == ['extra.weight']


def test_missing_and_misshapen_weights_are_named(
    network: dict[str, Tensor], tmp_path: Path
) -> None:
    broken = dict(network)
    del broken['module.position_net.conv.0.bias']
    broken['module.rotation_net.cam_out.0.weight'] = torch.zeros(3, 7)
    with pytest.raises(ValueError, match='broken.pth.tar is no 3DCrowdNet') as error:
        convert_crowdnet(save(broken, tmp_path / 'broken.pth.tar'))
    assert 'position_head.conv.bias is missing' in str(error.value)
    assert 'mesh_head.camera.weight has shape (3, 7), expected (3, 1920)' in str(error.value)


@pytest.mark.parametrize(
    'content', [dict(state_dict={}), [1, 2], dict(network={'fc.weight': torch.zeros(1)})]
)
def test_other_files_are_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match='other.pth'):
        convert_crowdnet(tmp_path / 'other.pth')


class Poison:
    """Creates a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


def test_code_in_a_file_does_not_run(tmp_path: Path) -> None:
    target, path = tmp_path / 'ran', tmp_path / 'poisoned.pth.tar'
    torch.save(dict(network=Poison(target)), path)
    with pytest.raises(ValueError, match="poisoned.pth.tar' got refused"):
        convert_crowdnet(path)
    assert not target.exists()


def test_the_tool_writes_a_checkpoint(
    run_command: Callable, repository: Path, snapshot: Path, tmp_path: Path
) -> None:
    out = tmp_path / 'sefd.pth'
    tool = repository / 'tools' / 'model_converters' / 'convert_crowdnet.py'
    result = run_command('python', tool, snapshot, out)
    assert 'in_channels=4' in result.stdout
    assert '3 keys of the file are not needed' in result.stdout
    state = torch.load(out, weights_only=True)['state_dict']
    assert state['backbone.conv1.weight'].shape == (64, 4, 7, 7)
    failed = run_command('python', tool, tmp_path / 'no.pth.tar', out, check=False)
    assert failed.returncode == 1
    assert 'error: 3DCrowdNet or SEFD: checkpoint got' in failed.stderr
    assert 'Traceback' not in failed.stderr
