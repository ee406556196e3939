import pytest
import torch
from mmpose.models.heads import HeatmapHead

import mmpose_ext  # noqa: F401  registers the initializer's scope
from mmpose_ext.skeletons import get_skeleton

SOURCE = get_skeleton('union21')


def head(keypoints, **options):
    return HeatmapHead(
        in_channels=6,
        out_channels=keypoints,
        deconv_out_channels=(5,),
        deconv_kernel_sizes=(4,),
        **options,
    )


def initializer(checkpoint, **options):
    return dict(
        type='mmpose_ext.PretrainedKeypoints', checkpoint=checkpoint, source='union21', **options
    )


@pytest.fixture
def pretrained(tmp_path):
    model = head(21)
    weights = {
        f'head.{name}': torch.randn_like(p.float()) for name, p in model.state_dict().items()
    }
    torch.save(dict(state_dict=weights), tmp_path / 'pretrained.pth')
    return tmp_path / 'pretrained.pth', weights


@pytest.mark.parametrize('target', ['coco17', 'mpii16', 'union21'])
def test_every_keypoint_begins_as_the_one_of_its_name(pretrained, target):
    checkpoint, weights = pretrained
    skeleton = get_skeleton(target)
    model = head(skeleton.num_keypoints, init_cfg=initializer(checkpoint, target=target))
    model.init_weights()
    state = model.state_dict()
    for row, name in enumerate(skeleton.keypoints):
        same = SOURCE.index(SOURCE.canonical(name))
        for part in ('weight', 'bias'):
            found = state[f'final_layer.{part}'][row]
            assert torch.equal(found, weights[f'head.final_layer.{part}'][same])
    for name, value in state.items():
        if not name.startswith('final_layer.'):
            assert torch.equal(value, weights[f'head.{name}'].to(value.dtype))


def test_a_keypoint_that_was_not_pretrained_is_refused(pretrained):
    model = head(26, init_cfg=initializer(pretrained[0], target='halpe26'))
    with pytest.raises(ValueError, match='left_big_toe'):
        model.init_weights()


def test_a_head_of_another_shape_is_refused(pretrained):
    model = HeatmapHead(
        in_channels=7,
        out_channels=17,
        deconv_out_channels=(5,),
        deconv_kernel_sizes=(4,),
        init_cfg=initializer(pretrained[0], target='coco17'),
    )
    with pytest.raises(ValueError, match=r'head.deconv_layers.0.weight \(6, 5, 4, 4\), expected'):
        model.init_weights()


def test_a_checkpoint_without_the_head_is_refused(pretrained):
    model = head(17, init_cfg=initializer(pretrained[0], target='coco17', prefix='teacher.'))
    with pytest.raises(ValueError, match=r'teacher.final_layer.weight None, expected \(17, 5'):
        model.init_weights()
