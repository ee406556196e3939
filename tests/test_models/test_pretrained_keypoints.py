import pytest
import torch
from mmpose.models.heads import HeatmapHead

import mmpose_ext  # noqa: F401  registers the initializer's scope
from mmpose_ext.models.heads import SoftArgmax3DHead
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


def test_a_soft_argmax_head_begins_where_the_heatmaps_have_their_peaks(tmp_path):
    graph, size = get_skeleton('graph15'), (5, 7)
    cells = torch.randperm(size[0] * size[1])[: SOURCE.num_keypoints]
    # One feature channel per keypoint, which is large in one cell.
    features = torch.zeros(1, SOURCE.num_keypoints, size[0] * size[1])
    features[0, range(SOURCE.num_keypoints), cells] = 50.0
    weight = torch.eye(SOURCE.num_keypoints)[..., None, None]
    final = {'head.final_layer.weight': weight, 'head.final_layer.bias': torch.zeros(len(weight))}
    torch.save(dict(state_dict=final), tmp_path / 'heatmaps.pth')
    options = dict(target='graph15', prefix='head.final_layer.', layer='conv')
    model = SoftArgmax3DHead(
        SOURCE.num_keypoints,
        depth_bins=4,
        init_cfg=initializer(
            str(tmp_path / 'heatmaps.pth'), aliases=dict(upper_neck='neck'), **options
        ),
    )
    model.init_weights()
    bins = model(features.reshape(1, -1, *size)).bins[0]
    for row, name in enumerate(graph.keypoints):
        cell = int(cells[SOURCE.index('upper_neck' if name == 'neck' else name)])
        expected = [cell % size[1], cell // size[1], 1.5]
        torch.testing.assert_close(bins[row], torch.tensor(expected), atol=1e-3, rtol=0)


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
