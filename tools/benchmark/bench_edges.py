"""Measure SMPL edge maps on one core.

1. Rasterising a person, and the person's whole edge map, against a painter's algorithm with
   OpenCV's polygons followed by OpenCV's Canny and dilation over the whole image.
2. Three small people in a large image, against the same steps over the whole image.
3. The data pipeline of mesh training with maps rendered in the crop, against the pipeline without
   edges: the images are JPEGs of 640 x 480 with two people.
4. The teacher's whole data pipeline with online maps, against reading maps from PNG files.
"""

import argparse
import copy
import tempfile
from pathlib import Path

import cv2
import numpy as np
from bench_rasterizer import paint, standing_person
from _harness import compare

import mmpose_ext  # noqa: F401

# isort: split
from mmcv.transforms import Compose
from mmengine.registry import init_default_scope

from mmpose_ext.datasets.transforms import RenderSMPLEdge
from mmpose_ext.geometry import PinholeCamera
from mmpose_ext.rendering import EdgePerson, rasterize, smpl_edge_map
from mmpose_ext.skeletons import SUPERSET30


def canny_of(picture: np.ndarray, size: int) -> np.ndarray:
    """What one would write first: blur, Canny and dilate all of a picture."""
    edges = cv2.Canny(cv2.GaussianBlur(picture, (5, 5), 1), 25.5, 51, L2gradient=True)
    return cv2.dilate(edges, np.ones((size, size), np.uint8)).astype(np.float32) / 255


def bench_person(size: int, repeats: int) -> None:
    """One person who fills the height of an image."""
    centre = (size - 1) / 2
    camera = PinholeCamera(size, size, centre, centre, size, size)
    vertices, faces = standing_person(camera)
    person = EdgePerson(vertices, faces, camera, 0.4 * size * size)
    buffers = rasterize([vertices], faces, camera)
    compare(
        f'edge_rasterize_{size}',
        ours=lambda: rasterize([vertices], faces, camera, out=buffers, cull_backfaces=True),
        peer=lambda: paint(vertices, faces, camera),
        target='<= 6 ms',
        repeats=repeats,
    )
    for values in ('binary', 'magnitude'):
        compare(
            f'edge_map_{values}_{size}',
            ours=lambda values=values: smpl_edge_map([person], size, size, values=values),
            peer=lambda: canny_of(paint(vertices, faces, camera), 9),
            target='<= 8 ms',
            repeats=repeats,
        )


def bench_small_people(repeats: int) -> None:
    """Three people of a fifth of the height of an image of 1920 x 1080 pixels."""
    camera = PinholeCamera(1500, 1500, 959.5, 539.5, 1920, 1080)
    vertices, faces = standing_person(camera)
    meshes = [vertices * [1, 1, 1] + [x, 0, 4 * vertices[:, 2].mean()] for x in (-3.0, 0.0, 2.0)]
    people = [EdgePerson(mesh, faces, camera, 20000.0) for mesh in meshes]

    def whole_image() -> np.ndarray:
        total = np.zeros((1080, 1920), np.float32)
        for mesh in meshes:
            seen = rasterize([mesh], faces, camera, cull_backfaces=True)
            total += canny_of(np.where(seen.face_ids < 0, 255, 120).astype(np.uint8), 7)
        return np.minimum(total, 1)

    compare(
        'edge_map_3_people_1920x1080',
        ours=lambda: smpl_edge_map(people, 1920, 1080),
        peer=whole_image,
        target='faster than whole images',
        repeats=repeats,
    )


def two_people(folder: Path) -> dict:
    """A training sample: an image file and two people with bodies."""
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (480, 640, 3), np.uint8), (0, 0), 3)
    cv2.imwrite(str(folder / 'image.jpg'), cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX))
    camera = np.array([[700, 0, 319.5], [0, 700, 239.5], [0, 0, 1]], float)
    persons = []
    for x, z in ((-0.3, 3.6), (0.4, 4.4)):
        pose = rng.normal(0, 0.15, (24, 3)).astype(np.float32)
        pose[0] = np.pi, 0, 0
        body = dict(
            pose=pose,
            betas=rng.normal(size=10).astype(np.float32),
            transl=np.array([x, 0.2, z], np.float32),
            gender='neutral',
            root_joint=np.zeros(3, np.float32),
        )
        persons.append(dict(body, camera=camera.copy(), bbox_area=60000.0))
    keypoints = rng.uniform([180, 60], [340, 420], (1, 30, 2)).astype(np.float32)
    return dict(
        img_path=str(folder / 'image.jpg'),
        img_id=0,
        id=0,
        width=640,
        height=480,
        bbox=np.array([[180, 60, 340, 420]], np.float32),
        bbox_score=np.ones(1, np.float32),
        bbox_source='gt',
        keypoints=keypoints,
        keypoints_visible=np.ones((1, 30), np.float32),
        flip_indices=SUPERSET30.flip_indices,
        joints_cam=rng.normal(0, 0.4, (1, 30, 3)).astype(np.float32),
        joints_cam_valid=np.ones((1, 30), np.float32),
        is_3d=True,
        smpl={key: persons[0][key] for key in ('pose', 'betas', 'transl', 'gender', 'root_joint')},
        smpl_valid=1.0,
        camera=camera,
        pose2d=None,
        neighbours=np.concatenate([keypoints[0] + [60, 0], np.ones((30, 1))], axis=1)[None].astype(
            np.float32
        ),
        persons=persons,
        source='bench',
    )


def bench_pipelines(repeats: int) -> None:
    """Samples per second of the pipeline of mesh training."""
    init_default_scope('mmpose')
    affine = [dict(type='mmpose_ext.MeshTopdownAffine')]
    rest = [dict(type='mmpose_ext.CorruptPose2D'), dict(type='mmpose_ext.PackMeshInputs')]
    load = [dict(type='mmpose_ext.LoadEncodedImage')]
    online = [dict(type='mmpose_ext.RenderSMPLEdge', space='crop', body_model='standin')]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sample = two_people(folder)
        draw = RenderSMPLEdge(body_model='standin')
        edge = draw(dict(sample, img_shape=(480, 640)))['edge']
        cv2.imwrite(str(folder / 'image.png'), (255 * edge).astype(np.uint8))
        stored = [dict(type='mmpose_ext.LoadEdgeMap', edge_prefix=name, img_prefix=name)]
        pipelines = dict(
            plain=Compose(load + affine + rest),
            online=Compose(load + affine + online + rest),
            stored=Compose(load + stored + affine + rest),
        )

        def samples(pipeline: str) -> None:
            for _ in range(10):
                pipelines[pipeline](copy.deepcopy(sample))

        for name, peer, target in (
            ('online_edges_against_no_edges', 'plain', 'see DESIGN: <= 25 % of the data time'),
            ('online_edges_against_stored', 'stored', 'no target'),
        ):
            compare(
                name,
                ours=lambda: samples('online'),
                peer=lambda peer=peer: samples(peer),
                target=target,
                repeats=repeats,
                items=10,
            )


def main() -> None:
    """Run all comparisons."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--size', type=int, default=512, help='image width and height in pixels')
    parser.add_argument('--repeats', type=int, default=30)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    bench_person(args.size, args.repeats)
    bench_small_people(args.repeats)
    bench_pipelines(max(args.repeats // 2, 1))


if __name__ == '__main__':
    main()
