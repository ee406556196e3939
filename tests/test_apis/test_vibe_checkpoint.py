"""Authors' checkpoints, made of random tensors under the names their code saves."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmpose.models.backbones import ResNet
from torch import Tensor, nn

from mmpose_ext.apis.vibe_checkpoint import convert_vibe, spin_backbone, vibe_model
from mmpose_ext.registry import MODELS


def named(modules: dict[str, nn.Module]) -> dict[str, Tensor]:
    return {
        f'{name}.{key}' if name else key: value
        for name, module in modules.items()
        for key, value in module.state_dict().items()
    }


def published_head(prefix: str) -> dict[str, Tensor]:
    """The layers of HMR's regressor by their published names."""
    layers = dict(fc1=(2205, 1024), fc2=(1024, 1024), decpose=(1024, 144), decshape=(1024, 10))
    layers |= dict(deccam=(1024, 3))
    state = named({f'{prefix}{name}': nn.Linear(*sizes) for name, sizes in layers.items()})
    for name, size in dict(pose=144, shape=10, cam=3).items():
        state[f'{prefix}init_{name}'] = torch.randn(1, size)
    return state


def load(config: dict, state_dict: dict[str, Tensor], part: str) -> nn.Module:
    """A part of our model with converted weights, none missing and none too many."""
    with torch.device('meta'):
        network = MODELS.build(config)
    prefix = f'{part}.'
    weights = {
        key.removeprefix(prefix): value
        for key, value in state_dict.items()
        if key.startswith(prefix)
    }
    network.load_state_dict(weights, strict=True, assign=True)
    return network


@pytest.fixture(scope='module')
def generator() -> dict[str, Tensor]:
    torch.manual_seed(0)
    encoder = {'encoder.gru': nn.GRU(2048, 1024, 2), 'encoder.linear': nn.Linear(1024, 2048)}
    state = named(encoder) | published_head('regressor.')
    return state | {'regressor.smpl.v_template': torch.zeros(6890, 3)}


@pytest.fixture(scope='module')
def motion_discriminator() -> dict[str, Tensor]:
    torch.manual_seed(1)
    modules: dict[str, nn.Module] = {'gru': nn.GRU(69, 1024, 2), 'fc': nn.Linear(1024, 1)}
    for index, width in ((0, 1024), (3, 1024), (6, 1)):
        modules[f'attention.attention.{index}'] = nn.Linear(1024, width)
    return named(modules)


@pytest.fixture(scope='module')
def image_network() -> dict[str, Tensor]:
    torch.manual_seed(2)
    state = named({'': ResNet(depth=50)}) | published_head('')
    return state | {'smpl.v_template': torch.zeros(6890, 3)}


@pytest.fixture(scope='module')
def files(
    generator: dict,
    motion_discriminator: dict,
    image_network: dict,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp('authors')
    contents = dict(
        vibe=dict(
            epoch=3,
            gen_state_dict=generator,
            performance=56.5,
            disc_motion_state_dict=motion_discriminator,
        ),
        alone=dict(epoch=3, gen_state_dict=generator),
        spin=dict(model=image_network),
    )
    for name, content in contents.items():
        torch.save(content, folder / f'{name}.pth.tar')
    return {name: folder / f'{name}.pth.tar' for name in contents}


def test_vibe_becomes_the_state_of_our_model(
    files: dict, generator: dict, motion_discriminator: dict
) -> None:
    converted = convert_vibe(files['vibe'], expect='vibe')
    assert converted.kind == 'vibe'
    assert converted.parts == ['encoder', 'head', 'discriminator']
    assert not converted.missing
    assert converted.unused == ['regressor.smpl.v_template']
    assert not converted.unknown
    for part in converted.parts:
        load(vibe_model()[part], converted.state_dict, part)
    for ours, theirs in {
        'encoder.gru.weight_hh_l1': 'encoder.gru.weight_hh_l1',
        'head.betas.weight': 'regressor.decshape.weight',
        'head.init_cam': 'regressor.init_cam',
    }.items():
        assert torch.equal(converted.state_dict[ours], generator[theirs])
    for ours, theirs in {
        'discriminator.attention.6.bias': 'attention.attention.6.bias',
        'discriminator.score.weight': 'fc.weight',
    }.items():
        assert torch.equal(converted.state_dict[ours], motion_discriminator[theirs])


def test_a_discriminator_may_be_absent_and_is_reported(files: dict) -> None:
    converted = convert_vibe(files['alone'])
    assert converted.parts == ['encoder', 'head']
    assert converted.missing == ['discriminator']
    assert 'discriminator' not in vibe_model(with_discriminator=False)


def test_spin_becomes_backbone_and_head(files: dict, image_network: dict) -> None:
    converted = convert_vibe(files['spin'], expect='spin')
    assert converted.parts == ['backbone', 'head']
    assert converted.unused == ['smpl.v_template']
    backbone = load(spin_backbone(), converted.state_dict, 'backbone')
    load(vibe_model()['head'], converted.state_dict, 'head')
    images = torch.randn(1, 3, 64, 64)
    network = ResNet(depth=50)
    network.eval()
    network.load_state_dict(
        {key: value for key, value in image_network.items() if key in network.state_dict()}
    )
    torch.testing.assert_close(backbone(images), network(images)[-1].mean(dim=(2, 3)))


@pytest.mark.parametrize(('name', 'expect'), [('spin', 'vibe'), ('vibe', 'spin')])
def test_the_other_network_is_refused(files: dict, name: str, expect: str) -> None:
    """Users give the feature extractor where VIBE is meant."""
    with pytest.raises(ValueError, match=f'{name}.pth.tar got .*, expected .*') as error:
        convert_vibe(files[name], expect)
    assert "SPIN's image network" in str(error.value)
    assert 'a VIBE generator' in str(error.value)


def test_what_is_not_known_is_reported(generator: dict, tmp_path: Path) -> None:
    path = tmp_path / 'new.pth.tar'
    torch.save(dict(gen_state_dict=generator | {'encoder.extra': torch.zeros(1)}), path)
    assert convert_vibe(path).unknown == ['encoder.extra']


def test_missing_and_misshapen_weights_are_named(generator: dict, tmp_path: Path) -> None:
    broken = dict(generator)
    del broken['encoder.linear.bias']
    broken['regressor.fc1.weight'] = torch.zeros(1024, 7)
    torch.save(dict(gen_state_dict=broken), tmp_path / 'broken.pth.tar')
    with pytest.raises(ValueError, match='broken.pth.tar is no VIBE') as error:
        convert_vibe(tmp_path / 'broken.pth.tar')
    assert 'encoder.linear.bias is missing' in str(error.value)
    assert 'head.fc1.weight has shape (1024, 7), expected (1024, 2205)' in str(error.value)


@pytest.mark.parametrize(
    'content', [dict(state_dict={}), [1, 2], dict(model=3), dict(gen_state_dict={})]
)
def test_other_files_are_refused(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / 'other.pth')
    with pytest.raises(ValueError, match='other.pth'):
        convert_vibe(tmp_path / 'other.pth')


class Poison:
    """Creates a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple:
        return Path.touch, (self.target,)


def test_code_in_a_file_does_not_run(tmp_path: Path) -> None:
    target, path = tmp_path / 'ran', tmp_path / 'poisoned.pth.tar'
    torch.save(dict(gen_state_dict=Poison(target)), path)
    with pytest.raises(ValueError, match="poisoned.pth.tar' got refused"):
        convert_vibe(path)
    assert not target.exists()


def test_the_tool_writes_a_checkpoint(
    run_command: Callable, repository: Path, files: dict, tmp_path: Path
) -> None:
    out = tmp_path / 'vibe.pth'
    tool = repository / 'tools' / 'model_converters' / 'convert_vibe.py'
    result = run_command('python', tool, files['alone'], out)
    assert 'parts: encoder, head' in result.stdout
    assert 'not in the file: discriminator' in result.stdout
    assert '1 keys of the file are not needed' in result.stdout
    state = torch.load(out, weights_only=True)['state_dict']
    assert state['head.pose.weight'].shape == (144, 1024)
    failed = run_command('python', tool, files['spin'], out, '--expect', 'vibe', check=False)
    assert failed.returncode == 1
    assert "got SPIN's image network" in failed.stderr
    assert 'Traceback' not in failed.stderr
