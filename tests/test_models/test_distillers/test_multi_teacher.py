import copy
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from mmengine.model import ExponentialMovingAverage
from mmengine.optim import OptimWrapper
from mmpose.models.losses import KLDiscretLoss

from mmpose_ext.models.distillers import FrozenTeacher, MultiTeacherDistiller
from mmpose_ext.registry import MODELS

MPII_TO_UNION = {0: 16, 1: 14, 2: 12, 3: 11, 4: 13, 5: 15, 6: 17, 7: 18} | {
    8: 19, 9: 20, 10: 10, 11: 8, 12: 6, 13: 5, 14: 7, 15: 9
}  # fmt: skip


def build(config: dict) -> MultiTeacherDistiller:
    torch.manual_seed(7)
    model = MODELS.build(config)
    model.init_weights()
    return model.train()


def losses(model: MultiTeacherDistiller, batch: dict) -> dict[str, torch.Tensor]:
    data = model.data_preprocessor(copy.deepcopy(batch), True)
    return model(**data, mode='loss')


def nats(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (target * (target.log() - logits.log_softmax(-1))).sum(-1)


def reference_distillation(
    model: MultiTeacherDistiller, batch: dict, teacher_files: dict
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    """Each teacher's loss for ``mask='all'`` by hand, and the student's prediction."""
    data = model.data_preprocessor(copy.deepcopy(batch), True)
    canvas = data['inputs']
    window = canvas[..., 16:112]
    student = model.head(model.extract_feat(window))
    result = {}
    for name, options in teacher_files.items():
        teacher = FrozenTeacher.load(name, options['config'], options['checkpoint']).model
        with torch.no_grad():
            x, y = teacher(window if name == 'coco' else canvas, None)
        if name == 'coco':
            mapping, inside = {i: i for i in range(17)}, torch.ones(x.shape[:2])
        else:
            inside = (10 * x).softmax(-1)[..., 32:224].sum(-1)
            mapping, x = MPII_TO_UNION, x[..., 32:224]
        total = mass = 0.0
        for theirs, ours in mapping.items():
            value = nats(10 * student[0][:, ours], (10 * x[:, theirs]).softmax(-1))
            value = value + nats(10 * student[1][:, ours], (10 * y[:, theirs]).softmax(-1))
            weight = inside[:, theirs] * (inside[:, theirs] >= 0.5)
            total, mass = total + (value * weight).sum(), mass + weight.sum()
        result[name] = total / mass
    return result, student


def test_value_and_gradient_are_those_of_the_papers_equation(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    """Gathering must not write into the prediction: gradients equal an out-of-place reference."""
    model, reference = (build(student_config(teacher_files)) for _ in range(2))
    data = batch()
    result = losses(model, data)
    result['loss'].backward()

    distillation, student = reference_distillation(reference, data, teacher_files)
    labels = [sample.gt_instance_labels for sample in data['data_samples']]
    weight = torch.cat([label.keypoint_weights for label in labels])
    task = 0.0
    for axis, prediction in zip('xy', student):
        target = torch.cat([label[f'keypoint_{axis}_labels'] for label in labels])
        task = task + nats(10 * prediction, (10 * target).softmax(-1))
    task = (task * weight).sum() / weight.sum()
    expected = 0.3 * task + 0.7 * (0.45 * distillation['coco'] + 0.25 * distillation['mpii'])
    expected.backward()

    torch.testing.assert_close(result['loss'], expected)
    torch.testing.assert_close(result['kd_coco'], distillation['coco'].detach())
    torch.testing.assert_close(result['kd_mpii'], distillation['mpii'].detach())
    for (name, ours), theirs in zip(model.named_parameters(), reference.parameters()):
        torch.testing.assert_close(ours.grad, theirs.grad, msg=lambda text, n=name: f'{n}: {text}')


def test_the_logged_terms_add_up_to_the_optimized_one(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    model = build(student_config(teacher_files))
    result = losses(model, batch())
    optimized, log = model.parse_losses(result)
    parts = 0.3 * log['task'] + 0.7 * (0.45 * log['kd_coco'] + 0.25 * log['kd_mpii'])
    torch.testing.assert_close(optimized, parts)
    assert [name for name in result if 'loss' in name] == ['loss']
    assert all(not value.requires_grad for name, value in result.items() if name != 'loss')


def test_the_repo_preset_has_the_weights_of_the_published_code(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    legacy = dict(type='mmpose_ext.ConditionalKeypointLoss', normalization='legacy')
    model = build(student_config(teacher_files, loss=legacy, preset='repo'))
    data = batch()
    for progress in (0.0, 0.25, 1.0):
        model.progress = lambda done=progress: done
        result = losses(model, data)
        expected = (
            1.3 * result['task']
            + 0.5 * result['kd_coco']
            + 0.9 * (1 - progress) * result['kd_mpii']
        )
        torch.testing.assert_close(result['loss'].detach(), expected)
    stock = KLDiscretLoss(beta=10.0, label_softmax=True)
    inputs = model.data_preprocessor(copy.deepcopy(data), True)
    prediction = model.head(model.extract_feat(inputs['inputs'][..., 16:112].contiguous()))
    labels = [sample.gt_instance_labels for sample in data['data_samples']]
    axes = tuple(torch.cat([label[f'keypoint_{axis}_labels'] for label in labels]) for axis in 'xy')
    weight = torch.cat([label.keypoint_weights for label in labels])
    assert torch.equal(result['task'], stock(prediction, axes, weight).detach())


def test_teachers_do_not_move_in_training(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    model = build(student_config(teacher_files))
    before = {
        name: {key: value.clone() for key, value in teacher.model.state_dict().items()}
        for name, teacher in model.teachers.items()
    }
    student = copy.deepcopy(model.state_dict())
    optimizer = OptimWrapper(torch.optim.AdamW(model.parameters(), lr=1e-2))
    for step in range(3):
        model.train()
        model.train_step(batch(seed=step), optimizer)
    for name, teacher in model.teachers.items():
        assert not any(module.training for module in teacher.model.modules())
        for key, value in teacher.model.state_dict().items():
            assert torch.equal(before[name][key], value), f'{name}: {key}'
    moved = [
        key for key, value in model.state_dict().items() if not torch.equal(student[key], value)
    ]
    assert len(moved) > len(student) / 2


def test_the_state_dict_is_a_plain_students(student_config: Callable, teacher_files: dict) -> None:
    model = build(student_config(teacher_files))
    plain = student_config()
    for option in ('canvas_size', 'teachers'):
        plain.pop(option)
    stock = MODELS.build(plain | dict(type='TopdownPoseEstimator'))
    assert model.state_dict().keys() == stock.state_dict().keys()
    stock.load_state_dict(model.state_dict(), strict=True)
    own = {id(parameter) for parameter in model.parameters()}
    for teacher in model.teachers.values():
        assert own.isdisjoint(id(parameter) for parameter in teacher.model.parameters())
        assert not any(module is teacher.model for module in model.modules())


def test_moving_averages_share_the_teachers(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    model = build(student_config(teacher_files))
    average = ExponentialMovingAverage(model, momentum=0.1, update_buffers=True)
    for name, teacher in model.teachers.items():
        assert average.module.teachers[name].model is teacher.model
    optimizer = OptimWrapper(torch.optim.SGD(model.parameters(), lr=0.1))
    before = copy.deepcopy(model.teachers['coco'].model.model.state_dict())
    model.train_step(batch(), optimizer)
    average.update_parameters(model)
    after = model.teachers['coco'].model.model.state_dict()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert len(average.avg_parameters) == len(model.state_dict())


def test_teachers_follow_the_device_but_keep_their_precision(
    student_config: Callable, teacher_files: dict
) -> None:
    model = build(student_config(teacher_files)).to('meta', torch.bfloat16)
    for teacher in model.teachers.values():
        parameter = next(teacher.model.parameters())
        assert parameter.device.type == 'meta'
        assert parameter.dtype == torch.float32


def test_teachers_follow_the_memory_layout(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    model = build(student_config(teacher_files)).eval()
    data = batch()
    before = losses(model, data)
    model.to(memory_format=torch.channels_last)
    later = build(student_config(teacher_files)).to(memory_format=torch.channels_last)
    for owner in (model, later):
        stem = owner.teachers['mpii'].model.model.backbone.stem[0].conv.weight
        assert stem.is_contiguous(memory_format=torch.channels_last)
        assert not stem.is_contiguous()
    torch.testing.assert_close(losses(model, data)['loss'], before['loss'])


def test_an_identical_teacher_costs_nothing(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    config = student_config(dict(coco=teacher_files['coco']), skeleton='coco17')
    config['head']['out_channels'] = 17
    model = build(config)
    model.load_state_dict(model.teachers['coco'].model.model.state_dict())
    model.eval()
    assert losses(model, restrict(batch(), 17))['kd_coco'].abs() < 1e-5


@pytest.fixture
def message_hub(tmp_path: Path) -> MessageHub:
    """What a runner would make, and make current, at its start."""
    return MessageHub.get_instance(str(tmp_path))


def restrict(data: dict, count: int) -> dict:
    """Keep the labels of the first keypoints."""
    for sample in data['data_samples']:
        labels = sample.gt_instance_labels
        for key in list(labels.keys()):
            labels.set_field(labels[key][:, :count], key)
    return data


@pytest.mark.parametrize(
    ('decay', 'expected'), [('none', 1.0), ('linear', 0.75), ('cosine', math.cos(math.pi / 8) ** 2)]
)
def test_each_teacher_decays_by_its_own_rule(
    student_config: Callable,
    teacher_files: dict,
    batch: Callable,
    message_hub: MessageHub,
    decay: str,
    expected: float,
) -> None:
    teachers = dict(coco=teacher_files['coco'] | dict(decay=decay), mpii=teacher_files['mpii'])
    model = build(student_config(teachers))
    message_hub.update_info('iter', 25)
    message_hub.update_info('max_iters', 100)
    result = losses(model, batch())
    total = 0.3 * result['task'] + 0.7 * 0.45 * expected * result['kd_coco']
    total = total + 0.7 * 0.25 * result['kd_mpii']
    torch.testing.assert_close(result['loss'].detach(), total)


def test_a_decay_outside_a_training_is_refused(
    student_config: Callable, teacher_files: dict, batch: Callable, message_hub: MessageHub
) -> None:
    teachers = dict(coco=teacher_files['coco'] | dict(decay='linear'))
    model = build(student_config(teachers))
    with pytest.raises(ValueError, match='the iteration got None'):
        losses(model, batch())


def test_masks_select_the_keypoints(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    """The gradient of the distillation alone reaches exactly the wanted rows."""
    data = batch()
    labels = [sample.gt_instance_labels for sample in data['data_samples']]
    weights = torch.cat([label.keypoint_weights for label in labels])
    tiers = torch.cat([label.label_tier for label in labels])
    expected = dict(
        all=torch.ones(4, 21, dtype=torch.bool), missing=tiers < 2, unlabelled=weights == 0
    )
    taught = torch.zeros(21, dtype=torch.bool)
    taught[:17] = True
    for mask, wanted in expected.items():
        options = teacher_files['coco'] | dict(mask=mask)
        model = build(student_config(dict(coco=options), task_weight=0.0))
        captured = []

        def keep(module: object, inputs: object, output: tuple, into: list = captured) -> None:
            into.append(output[0])
            output[0].retain_grad()

        model.head.register_forward_hook(keep)
        losses(model, data)['loss'].backward()
        touched = captured[0].grad.abs().sum(-1) > 0
        assert torch.equal(touched, wanted & taught), mask


def test_confidence_weighs_by_the_teachers_peaks(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    options = teacher_files['coco'] | dict(mask='confidence')
    model = build(student_config(dict(coco=options)))
    canvas = model.data_preprocessor(copy.deepcopy(batch()), True)['inputs']
    (x, y), weight = model.teachers['coco'].answer(canvas)
    torch.testing.assert_close(weight, (x.amax(-1) * y.amax(-1)).sqrt())


def test_a_keypoint_outside_the_students_window_is_not_taught(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    model = build(student_config(dict(mpii=teacher_files['mpii'])))
    teacher = model.teachers['mpii']
    outside = torch.zeros(1, 16, 256)
    outside[:, 0, 5] = 5.0
    outside[:, 1:, 100] = 5.0
    teacher.model.forward = lambda inputs: (outside, outside)
    _, weight = teacher.answer(torch.zeros(1, 3, 128, 128))
    column = teacher.teacher_indices.index(0)
    assert weight[0, column] == 0
    assert weight[0].count_nonzero() == 15


def test_three_teachers_one_with_heatmaps(
    student_config: Callable, teacher_files: dict, batch: Callable, heatmap_teacher: dict
) -> None:
    model = build(student_config(teacher_files | dict(halpe=heatmap_teacher)))
    result = losses(model, batch())
    assert result['kd_halpe'] > 0
    result['loss'].backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())
    taught = {model.skeleton.keypoints[i] for i in model.teachers['halpe'].student_indices}
    assert taught == {'nose', 'left_wrist', 'head_top', 'upper_neck'}


def test_heatmaps_are_marginalized_in_place(
    student_config: Callable, heatmap_teacher: dict
) -> None:
    """A heatmap's peak at pixel (i, j) is a belief in the input's point (8 i, 8 j)."""
    model = build(student_config(dict(halpe=heatmap_teacher)))
    teacher = model.teachers['halpe']
    heatmaps = torch.zeros(1, 26, 16, 16)
    heatmaps[:, :, 5, 9] = 1
    teacher.model.forward = lambda inputs: heatmaps
    (x, y), weight = teacher.answer(torch.zeros(1, 3, 128, 128))
    centre_x = (x[0, 0] * torch.arange(192) / 2).sum()
    centre_y = (y[0, 0] * torch.arange(256) / 2).sum()
    torch.testing.assert_close(centre_x.item(), 9 * 8 - 16.0, atol=0.3, rtol=0)
    torch.testing.assert_close(centre_y.item(), 5 * 8.0, atol=0.3, rtol=0)
    torch.testing.assert_close(weight, torch.ones_like(weight))


def test_a_larger_student_has_teachers_of_another_scale(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    """The proportions of a 384 x 288 student with 256 x 256 and 256 x 192 teachers."""
    config = student_config(teacher_files, canvas_size=(256, 256))
    config['head'] |= dict(
        input_size=(192, 256),
        in_featuremap_size=(6, 8),
        decoder=dict(type='SimCCLabel', input_size=(192, 256), normalize=False),
    )
    model = build(config)
    data = batch(canvas_size=(256, 256), input_size=(192, 256))
    result = losses(model, data)
    assert torch.isfinite(result['loss'])
    assert not model.teachers['mpii'].adapter.axes[0].is_exact


def test_mixed_precision_changes_little(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    model = build(student_config(teacher_files)).eval()
    data = batch()
    full = losses(model, data)['loss']
    with torch.autocast('cpu', torch.bfloat16):
        half = losses(model, data)['loss']
    half.backward()
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, full, rtol=0.02, atol=0)
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_without_teachers_it_is_a_plain_student(student_config: Callable, batch: Callable) -> None:
    model = build(student_config())
    data = batch()
    result = losses(model, data)
    assert set(result) == {'loss', 'task', 'acc_pose'}
    assert torch.equal(result['loss'].detach(), result['task'])
    inputs = model.data_preprocessor(copy.deepcopy(data), True)
    feats = model.extract_feat(inputs['inputs'][..., 16:112].contiguous())
    stock = model.head.loss(feats, inputs['data_samples'])
    torch.testing.assert_close(result['loss'], stock['loss_kpt'])
    torch.testing.assert_close(result['acc_pose'].double(), stock['acc_pose'].double())


def test_per_source_normalization_reads_the_source(
    student_config: Callable, batch: Callable
) -> None:
    loss = dict(type='mmpose_ext.ConditionalKeypointLoss', normalization='source')
    model = build(student_config(loss=loss)).eval()
    data = batch()
    together = losses(model, data)['task']
    single = [
        losses(model, {key: values[start::2] for key, values in data.items()})['task']
        for start in (0, 1)
    ]
    torch.testing.assert_close(together, sum(single) / 2)


def test_everything_but_training_works_without_the_teachers_files(
    student_config: Callable, batch: Callable
) -> None:
    missing = dict(config='nowhere.py', checkpoint='nowhere.pth', skeleton='coco17')
    model = MODELS.build(student_config(dict(coco=missing))).eval()
    inputs = torch.randn(1, 3, 128, 96)
    x, y = model(inputs, None, mode='tensor')
    assert (x.shape, y.shape) == ((1, 21, 192), (1, 21, 256))
    assert torch.equal(model.extract_feat(inputs)[0], model.backbone(inputs)[0])
    with pytest.raises(FileNotFoundError):
        losses(model, batch())


def test_a_missing_teacher_stops_the_start_of_a_training(
    student_config: Callable, teacher_files: dict
) -> None:
    options = teacher_files['coco'] | dict(checkpoint='work_dirs/teacher.pth')
    model = MODELS.build(student_config(dict(coco=options)))
    with pytest.raises(FileNotFoundError, match="teacher 'coco'.*work_dirs/teacher.pth"):
        model.init_weights()


def test_who_teaches_what_is_logged(
    student_config: Callable, teacher_files: dict, capsys: pytest.CaptureFixture
) -> None:
    model = build(student_config(teacher_files))
    lines = dict(line.split(maxsplit=1) for line in model._describe_teachers().splitlines())
    assert lines['nose'] == 'coco (0.45, all)'
    assert lines['left_hip'] == 'coco (0.45, all), mpii (0.25, all)'
    assert lines['head_top'] == 'mpii (0.25, all)'


def test_training_images_must_be_the_canvas(student_config: Callable, batch: Callable) -> None:
    model = build(student_config())
    with pytest.raises(ValueError, match=r'training images got the size \(w, h\) \(96, 128\)'):
        losses(model, batch(canvas_size=(96, 128)))


def test_a_missing_label_field_is_named(student_config: Callable, batch: Callable) -> None:
    model = build(student_config())
    data = batch()
    del data['data_samples'][2].gt_instance_labels.keypoint_weights
    with pytest.raises(ValueError, match="no 'keypoint_weights' in sample 2"):
        losses(model, data)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(adapter='squash'), "teacher 'coco': adapter got 'squash'"),
        (dict(mask='visible'), "teacher 'coco': mask got 'visible'"),
        (dict(decay='step'), "teacher 'coco': decay got 'step'"),
        (dict(temperature=-1.0), 'temperature got -1.0'),
        (dict(skeleton='halpe26'), r"teacher 'coco': skeleton 'halpe26' got .*left_big_toe"),
        (dict(skeleton='coco17', joints=['left_wing']), "teacher 'coco': .*left_wing"),
        (dict(skeleton='mpii16'), "teacher 'coco': its head got 17 keypoints, expected 16"),
        (dict(input_size=(512, 128)), "teacher 'coco': canvas size"),
    ],
)
def test_bad_teachers_are_named(
    student_config: Callable, teacher_files: dict, options: dict, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build(student_config(dict(coco=teacher_files['coco'] | options)))


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(preset='nature'), "preset got 'nature'"),
        (dict(task_weight=1.5), 'task_weight and distillation_weight got 1.5 and -0.5'),
        (dict(input_size=(64, 64)), r'input_size got \(64, 64\)'),
        (dict(skeleton='coco17'), 'head out_channels got 21'),
        (dict(canvas_size=(64, 64)), r'canvas size .* got \(64, 64\)'),
        (dict(teachers=dict(lossy={})), "teacher name got 'lossy'"),
        (dict(teachers=dict(aic={})), "teacher 'aic': weight got none"),
        (dict(head=dict(type='HeatmapHead', in_channels=64, out_channels=21)), 'SimCC head'),
    ],
)
def test_bad_students_are_named(student_config: Callable, options: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MODELS.build(student_config() | options)


def test_stretching_distills_as_published(
    student_config: Callable, teacher_files: dict, batch: Callable
) -> None:
    options = teacher_files['mpii'] | dict(adapter='stretch')
    model = build(student_config(dict(mpii=options)))
    canvas = model.data_preprocessor(copy.deepcopy(batch()), True)['inputs']
    window = F.interpolate(
        canvas[..., 16:112], size=(128, 128), mode='bilinear', align_corners=True
    )
    with torch.no_grad():
        x, _ = model.teachers['mpii'].model.model(window, None)
    expected = F.interpolate(x, size=192, mode='linear', align_corners=True)
    (target, _), weight = model.teachers['mpii'].answer(canvas)
    indices = model.teachers['mpii'].teacher_indices
    torch.testing.assert_close(target, (10 * expected[:, indices]).softmax(-1))
    assert torch.equal(weight, torch.ones_like(weight))
