"""Export a trained student to files that stock MMPose reads."""

from pathlib import Path
from pprint import pformat
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.models import build_pose_estimator
from torch import nn

from mmpose_ext.apis.stock_config import model_skeleton, stock_config
from mmpose_ext.skeletons import Skeleton, get_skeleton


class ExportedStudent(NamedTuple):
    """Files of an exported student."""

    config: Path
    checkpoint: Path


def load_student(
    config: str | Path | Config,
    checkpoint: str | Path,
    view: str | Skeleton | None = None,
) -> tuple[nn.Module, Config, dict]:
    """Build a student from MMPose's own parts and load its weights.

    Args:
        config: Config of the trained model, or its file.
        checkpoint: Checkpoint of the training. Averaged weights (EMA) are what MMEngine stores as
            the state.
        view: Skeleton of the keypoints to return; what the model predicts by default.

    Returns:
        The model in eval mode in float32, its stock config, and the dataset meta (plain lists
        only).

    Raises:
        ValueError: If the weights do not fit the model, or the model does not predict the view.
    """
    if not isinstance(config, Config):
        config = Config.fromfile(config)
    skeleton = model_skeleton(config)
    view = skeleton if view is None else get_skeleton(view)
    stock = stock_config(config, skeleton, view)
    init_default_scope('mmpose')
    # A copy, because building takes entries out of the dict it is given.
    model = build_pose_estimator(Config(stock.to_dict()).model)
    state = _student_state(checkpoint)
    _check_fit(model, state, checkpoint)
    model.load_state_dict(state)
    return model.float().eval(), stock, plain_dataset_meta(skeleton, view)


def export_student(
    config: str | Path | Config,
    checkpoint: str | Path,
    out_dir: str | Path,
    view: str | Skeleton | None = None,
    name: str | None = None,
) -> ExportedStudent:
    """Write a student as a stock MMPose config and checkpoint.

    ``mmpose.apis.init_model``, ``MMPoseInferencer`` and MMPose's ``tools/test.py`` read both
    without this package. The checkpoint holds float32 weights and the dataset meta, nothing that
    needs unpickling.

    Args:
        config: Config of the trained model, or its file.
        checkpoint: Checkpoint of the training.
        out_dir: Folder to write to.
        view: Skeleton of the keypoints to return; what the model predicts by default.
        name: Base name of the files; by default the config's, with the view's.

    Returns:
        The two files.

    Raises:
        ValueError: If the weights do not fit the model, or the model does not predict the view.
    """
    model, stock, dataset_meta = load_student(config, checkpoint, view)
    if name is None:
        file = config.filename if isinstance(config, Config) else config
        name = f'{Path(file or "student").stem}_{dataset_meta["dataset_name"]}'
    out_dir = Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    files = ExportedStudent(out_dir / f'{name}.py', out_dir / f'{name}.pth')
    files.config.write_text(_config_text(stock))
    torch.save(
        dict(meta=dict(dataset_meta=dataset_meta), state_dict=model.state_dict()), files.checkpoint
    )
    return files


def _config_text(config: Config) -> str:
    """The config as Python, its metainfo written apart.

    MMEngine's own ``Config.dump`` turns the integer keys of a metainfo into strings and sorts
    them as strings, so that keypoint 10 comes before keypoint 2 and flips are wrong.
    """
    metainfo = config.test_dataloader.dataset.metainfo.to_dict()
    content = config.to_dict()
    content['test_dataloader']['dataset']['metainfo'] = 'METAINFO'
    text = Config(content).pretty_text.replace("'METAINFO'", 'metainfo')
    return f'metainfo = {pformat(metainfo, sort_dicts=False, width=100)}\n\n{text}'


def plain_dataset_meta(skeleton: Skeleton, view: Skeleton) -> dict[str, Any]:
    """Dataset meta of a view in lists and numbers, which ``torch.load`` reads as it is.

    Args:
        skeleton: What the model predicts.
        view: What it returns.

    Returns:
        MMPose's parsed dataset meta. ``flip_indices`` are the model's, because flip test works on
        its channels.
    """
    meta = {key: _plain(value) for key, value in parse_pose_metainfo(view.metainfo()).items()}
    meta['flip_indices'] = list(skeleton.flip_indices)
    return meta


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _student_state(checkpoint: str | Path) -> dict[str, torch.Tensor]:
    content = CheckpointLoader.load_checkpoint(str(checkpoint), map_location='cpu')
    state = content.get('state_dict', content)
    return {
        key.removeprefix('module.'): value.float() if value.is_floating_point() else value
        for key, value in state.items()
    }


def _check_fit(model: nn.Module, state: dict[str, torch.Tensor], checkpoint: str | Path) -> None:
    own = model.state_dict()
    problems = [f'{key} is missing' for key in own if key not in state]
    problems += [f'{key} is not in the model' for key in state if key not in own]
    problems += [
        f'{key} has shape {tuple(state[key].shape)}, expected {tuple(own[key].shape)}'
        for key in own
        if key in state and state[key].shape != own[key].shape
    ]
    if problems:
        shown = '; '.join(problems[:8]) + (
            f'; and {len(problems) - 8} more' if len(problems) > 8 else ''
        )
        raise ValueError(f'checkpoint {checkpoint}: does not fit the model: {shown}')
