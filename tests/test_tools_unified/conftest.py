"""Loads the command line tools as modules, and small datasets to run them on."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest

import mmpose_ext  # noqa: F401
from mmpose_ext.skeletons import COCO17

_TOOLS = Path(__file__).parents[2] / 'tools'


@pytest.fixture(scope='session')
def load_tool() -> Callable[[str], ModuleType]:
    """Import a tool by its path below ``tools/``."""

    def load(path: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(Path(path).stem, _TOOLS / path)
        module = importlib.util.module_from_spec(spec)
        # Dataclasses look their module up by name.
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope='session')
def people(tmp_path_factory) -> Path:
    """A folder with two images, COCO's and MPII's annotation of three people in them."""
    folder = tmp_path_factory.mktemp('people')
    generator = np.random.default_rng(0)
    # MPII's images are numbers.
    for name in ('0001.png', '0002.png'):
        noise = generator.integers(0, 255, (6, 8, 3), np.uint8)
        cv2.imwrite(str(folder / name), cv2.resize(noise, (160, 120)))
    persons = [('0001.png', 1), ('0001.png', 1), ('0002.png', 2)]
    annotations = []
    for number, (_, image_id) in enumerate(persons, 1):
        # Person n has the first 17 - n keypoints, every second of them hidden.
        rows = np.column_stack(
            [generator.integers(20, 130, 17), generator.integers(20, 100, 17), np.full(17, 2)]
        )
        rows[::2, 2] = 1
        rows[17 - number :] = 0
        annotations.append(
            dict(
                id=number,
                image_id=image_id,
                category_id=1,
                iscrowd=0,
                area=6000.0,
                bbox=[10.0, 10.0, 120.0, 100.0],
                num_keypoints=17 - number,
                keypoints=rows.ravel().tolist(),
            )
        )
    coco = dict(
        images=[
            dict(id=i, file_name=name, width=160, height=120)
            for i, name in enumerate(('0001.png', '0002.png'), 1)
        ],
        annotations=annotations,
        categories=[dict(id=1, name='person', keypoints=list(COCO17.keypoints), skeleton=[])],
    )
    (folder / 'coco.json').write_text(json.dumps(coco))
    mpii = [
        dict(
            image=name,
            center=[80.0, 60.0],
            scale=0.5,
            joints=generator.uniform(20, 100, (16, 2)).tolist(),
            joints_vis=[int(k != number) for k in range(16)],
        )
        for number, (name, _) in enumerate(persons)
    ]
    (folder / 'mpii.json').write_text(json.dumps(mpii))
    return folder
