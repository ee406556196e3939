import pytest
import torch

from mmpose_ext.registry import MODELS

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture
def preprocessor():
    return MODELS.build(dict(type='mmpose_ext.VideoMeshDataPreprocessor'))


def clips(number, **shapes):
    generator = torch.Generator().manual_seed(0)
    return {
        name: [torch.rand(shape, generator=generator) for _ in range(number)]
        for name, shape in shapes.items()
    }


def test_images_are_normalized_as_imagenets(preprocessor):
    images = [torch.randint(0, 256, (4, 3, 8, 8), dtype=torch.uint8) for _ in range(2)]
    result = preprocessor(dict(inputs=dict(img=images), data_samples=['a', 'b']))
    assert result['data_samples'] == ['a', 'b']
    for channel in range(3):
        expected = (images[1][:, 2 - channel] / 255 - MEAN[channel]) / STD[channel]
        torch.testing.assert_close(
            result['inputs']['img'][1, :, channel], expected, atol=1e-5, rtol=0
        )


def test_others_are_stacked(preprocessor):
    inputs = clips(3, features=(4, 16), mask=(4, 1, 8, 8), motion=(4, 69))
    result = preprocessor(dict(inputs=inputs))['inputs']
    for name, values in inputs.items():
        assert torch.equal(result[name], torch.stack(values))


def test_streams_are_batches_of_their_own(preprocessor):
    data = dict(
        kp3d=dict(inputs=clips(2, features=(4, 16)), data_samples=[1, 2]),
        motion=dict(inputs=clips(3, motion=(4, 69))),
    )
    result = preprocessor(data, True)
    assert result.keys() == data.keys()
    assert result['kp3d']['inputs']['features'].shape == (2, 4, 16)
    assert result['kp3d']['data_samples'] == [1, 2]
    assert result['motion']['inputs']['motion'].shape == (3, 4, 69)


def test_clips_of_different_lengths_are_refused_with_their_stream(preprocessor):
    features = [torch.zeros(4, 16), torch.zeros(5, 16)]
    with pytest.raises(ValueError, match="'kp2d features' got shapes"):
        preprocessor(dict(kp2d=dict(inputs=dict(features=features))))
