"""The files that each method needs, and where they come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from scipy.io import loadmat

from mmpose_ext.apis.data_check import (
    DataFile,
    DataFileError,
    coco_tables,
    count_present,
    entries,
    entries_of,
    every,
    images_of,
    matrix,
)
from mmpose_ext.apis.video_data_files import video_files
from mmpose_ext.body_models import load_body_model
from mmpose_ext.datasets.datasets.mesh.human36m_mesh import SPLITS as HUMAN36M_SPLITS
from mmpose_ext.datasets.datasets.mesh.lsp_mesh import SPLITS as LSP_SPLITS
from mmpose_ext.datasets.datasets.mesh.plain_npz import read_plain_npz
from mmpose_ext.datasets.datasets.mesh.pw3d_subsets import SPLITS as PW3D_SPLITS

_PARSED = (
    'parsed by the authors of 3DCrowdNet: assets/directory.md in '
    'https://github.com/hongsukchoi/3DCrowdNet_RELEASE'
)
_NEURAL_ANNOT = 'https://github.com/mks0601/NeuralAnnot_RELEASE'
_SPIN = 'data of https://github.com/nkolot/SPIN'
_PERCEPTION_WEIGHTS = 'vgg16-397923af.pth'
_POSE_WEIGHTS = 'td-hm_res50_8xb64-210e_coco-256x192-04af38ce_20220923.pth'


def sefd_files() -> list[DataFile]:
    """What mesh recovery from single images is trained and tested on."""
    return [
        *_body_model(),
        *_human36m(),
        *_muco(),
        *_coco(),
        *_mpii(),
        *_pw3d(),
        *_mupots(),
        *_crowdpose(),
        *_test_sets(),
        *_pretrained(),
        *_edge_detectors(),
    ]


def fewshot_files() -> list[DataFile]:
    """What video mesh recovery and its adaptation are trained and tested on."""
    return [*_body_model(), *video_files()]


#: Methods by name.
METHODS: dict[str, Callable[[], list[DataFile]]] = dict(sefd=sefd_files, fewshot=fewshot_files)


def _body_model() -> list[DataFile]:
    folder = 'body_models/smpl'
    bodies = [
        # As .npz or .pkl.
        DataFile('SMPL', f'{folder}/SMPL_{gender.upper()}.*', _body(gender), origin)
        for gender, origin in (
            ('neutral', 'https://smplify.is.tue.mpg.de'),
            ('male', 'https://smpl.is.tue.mpg.de'),
            ('female', 'https://smpl.is.tue.mpg.de'),
        )
    ]
    regressors = (
        ('J_regressor_h36m.npy', f'{_SPIN}; or J_regressor_h36m_correct.npy, {_PARSED}', True),
        ('J_regressor_extra.npy', _SPIN, True),
        ('J_regressor_coco.npy', f'J_regressor_coco_hip_smpl.npy, {_PARSED}', False),
        ('J_regressor_mi_smpl.npy', _PARSED, False),
    )
    return bodies + [
        DataFile('SMPL', f'{folder}/{name}', matrix(6890), origin, needed)
        for name, origin, needed in regressors
    ]


def _human36m() -> list[DataFile]:
    subjects = [s for split in HUMAN36M_SPLITS.values() for s in split['subjects']]
    kinds = dict(data=coco_tables, camera=entries, joint_3d=entries, smpl_param=entries)
    stem = 'Human36M_subject'
    files = [
        DataFile(
            'Human3.6M',
            f'h36m/annotations/{stem}*_{kind}.json',
            every([f'{stem}{subject}_{kind}.json' for subject in subjects], check),
            _PARSED,
        )
        for kind, check in kinds.items()
    ]
    annotations = [f'../annotations/{stem}{subject}_data.json' for subject in subjects]
    origin = f'http://vision.imar.ro/human3.6m; {_PARSED}'
    return [*files, DataFile('Human3.6M', 'h36m/images', images_of(annotations), origin)]


def _muco() -> list[DataFile]:
    origin = f'https://vcai.mpi-inf.mpg.de/projects/SingleShotMultiPerson; {_PARSED}'
    return [
        DataFile('MuCo-3DHP', 'muco/MuCo-3DHP.json', coco_tables, _PARSED),
        DataFile('MuCo-3DHP', 'muco/smpl_param.json', entries_of('MuCo-3DHP.json'), _PARSED),
        DataFile('MuCo-3DHP', 'muco', images_of(['MuCo-3DHP.json']), origin),
    ]


def _coco() -> list[DataFile]:
    name, folder = 'person_keypoints_train2017.json', 'coco/annotations'
    return [
        DataFile('COCO', f'{folder}/{name}', coco_tables, 'https://cocodataset.org/#download'),
        DataFile(
            'COCO',
            f'{folder}/MSCOCO_train_SMPL_NeuralAnnot.json',
            entries_of(name),
            _NEURAL_ANNOT,
        ),
        DataFile(
            'COCO',
            'coco/train2017',
            images_of([f'../annotations/{name}']),
            'https://cocodataset.org/#download',
        ),
    ]


def _mpii() -> list[DataFile]:
    return [
        DataFile('MPII', 'mpii/annotations/train.json', coco_tables, _PARSED),
        DataFile(
            'MPII',
            'mpii/annotations/MPII_train_SMPL_NeuralAnnot.json',
            entries_of('train.json'),
            _NEURAL_ANNOT,
        ),
        DataFile(
            'MPII',
            'mpii/images',
            images_of(
                ['../annotations/train.json'],
                lambda image: image['file_name'].removeprefix('images/'),
            ),
            'http://human-pose.mpi-inf.mpg.de',
        ),
    ]


def _pw3d() -> list[DataFile]:
    names = [f'3DPW_latest_{split}.json' for split in PW3D_SPLITS]
    crowd = '3DPW_validation_crowd_hhrnet_result.json'
    return [
        *(
            DataFile('3DPW', f'3dpw/{name}', coco_tables, _PARSED, needed='test' in name)
            for name in names
        ),
        DataFile('3DPW', f'3dpw/{crowd}', entries_of(names[1]), _PARSED, needed=False),
        DataFile(
            '3DPW',
            '3dpw/imageFiles',
            images_of(
                [f'../{name}' for name in names],
                lambda image: f'{image["sequence"]}/{image["file_name"]}',
            ),
            'https://virtualhumans.mpi-inf.mpg.de/3DPW',
        ),
    ]


def _mupots() -> list[DataFile]:
    name = 'MuPoTS-3D.json'
    return [
        *_optional('MuPoTS-3D', _PARSED, {f'mupots/{name}': coco_tables}),
        *_optional(
            'MuPoTS-3D',
            _PARSED,
            {
                f'mupots/MuPoTs_test_{detector}_result.json': entries_of(name)
                for detector in ('openpose', 'hhrnet')
            },
        ),
        *_optional(
            'MuPoTS-3D',
            'https://vcai.mpi-inf.mpg.de/projects/SingleShotMultiPerson',
            {'mupots/MultiPersonTestSet': images_of([f'../{name}'])},
        ),
    ]


def _crowdpose() -> list[DataFile]:
    folder, names = 'crowdpose/annotations', ['crowdpose_train.json', 'crowdpose_test.json']
    fits = f'{folder}/CrowdPose_train_SMPL_NeuralAnnot.json'
    return [
        *_optional(
            'CrowdPose',
            'https://github.com/jeffffffli/CrowdPose',
            {
                **{f'{folder}/{name}': coco_tables for name in names},
                'crowdpose/images': images_of([f'../annotations/{name}' for name in names]),
            },
        ),
        *_optional('CrowdPose', _NEURAL_ANNOT, {fits: entries_of(names[0])}),
    ]


def _test_sets() -> list[DataFile]:
    ochuman = 'ochuman_coco_format_test_range_0.00_1.00.json'
    return [
        *_optional(
            'OCHuman',
            'https://github.com/liruilong940607/OCHumanApi',
            {
                f'ochuman/{ochuman}': coco_tables,
                'ochuman/images': images_of([f'../{ochuman}']),
            },
        ),
        *_optional(
            'LSP',
            'http://sam.johnson.io/research/lsp.html',
            {'lsp/joints.mat': _lsp_joints, 'lsp/images': _lsp_images},
        ),
        *_optional(
            'Relative Human',
            'https://github.com/Arthur151/Relative_Human',
            {
                'relative_human/test_annots.npz': _relative_human,
                'relative_human/images': _relative_human_images,
            },
        ),
    ]


def _pretrained() -> list[DataFile]:
    cache = Path(torch.hub.get_dir()) / 'checkpoints'
    return [
        *_optional(
            'pretrained',
            'https://download.openmmlab.com/mmpose, fetched by the first training',
            {str(cache / _POSE_WEIGHTS): _weights},
        ),
        *_optional(
            'pretrained',
            'https://download.pytorch.org/models, fetched where an SMPL edge estimator is trained',
            {str(cache / _PERCEPTION_WEIGHTS): _weights},
        ),
        *_optional(
            'pretrained',
            'VPoser v1.0, https://smpl-x.is.tue.mpg.de; another pose prior serves without',
            {'body_models/vposer/TR00_E096.pt': _weights},
        ),
    ]


def _edge_detectors() -> list[DataFile]:
    origins = {
        'network-bsds500.pytorch': 'HED, https://github.com/sniklaus/pytorch-hed',
        'RCFcheckpoint_epoch12.pth': 'RCF, https://github.com/meteorshowers/RCF-pytorch',
        'table5_pidinet.pth': (
            'PiDiNet, trained_models in https://github.com/hellozhuo/pidinet; as it is, not '
            'converted to plain convolutions'
        ),
        'mask2former_r50_8xb2-lsj-50e_coco_20220506_191028-41b088b6.pth': (
            'Mask2Former of MMDetection, https://download.openmmlab.com/mmdetection/v3.0/'
            'mask2former/mask2former_r50_8xb2-lsj-50e_coco'
        ),
        'checkpoint_epoch64.pth': (
            "the SMPL edge estimator of SEFD's authors: assets/various_edge.md in "
            'https://github.com/YangChangHee/ICCV2023_SEFD_RELEASE; or train your own'
        ),
    }
    return [
        file
        for name, origin in origins.items()
        for file in _optional('edge detectors', origin, {f'weights/{name}': _weights})
    ]


def _optional(
    dataset: str, origin: str, checks: dict[str, Callable[[Path], str]]
) -> list[DataFile]:
    return [DataFile(dataset, path, check, origin, needed=False) for path, check in checks.items()]


def _body(gender: str) -> Callable[[Path], str]:
    def check(path: Path) -> str:
        body = load_body_model(path, gender)
        return f'{body.num_vertices} vertices, {body.num_betas} shape directions'

    return check


def _weights(path: Path) -> str:
    # Refuses files that would run code.
    content = torch.load(path, map_location='cpu', weights_only=True)
    return f'{len(content.get("state_dict", content))} tensors'


def _lsp_joints(path: Path) -> str:
    joints = loadmat(path, variable_names=['joints'])['joints']
    images = max(last for _, last in LSP_SPLITS.values())
    if joints.shape != (3, 14, images):
        raise DataFileError(f'joints of shape {joints.shape}, expected (3, 14, {images})')
    return f'{images} images'


def _lsp_images(folder: Path) -> str:
    images = max(last for _, last in LSP_SPLITS.values())
    return count_present(folder, {f'im{number:04d}.jpg' for number in range(1, images + 1)})


def _relative_human(path: Path) -> str:
    people = read_plain_npz(str(path), 'annotation file')['annots']
    return f'{len(people)} images, {sum(map(len, people.values()))} people'


def _relative_human_images(folder: Path) -> str:
    annotations = folder.with_name('test_annots.npz')
    if not annotations.exists():
        return 'a folder; there is no annotation file to compare it with'
    return count_present(folder, set(read_plain_npz(str(annotations), 'file')['annots']))
