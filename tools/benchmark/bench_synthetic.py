"""Measure how fast synthetic people are made, 640x480 with two people per image.

Ours is what ``make_synthetic.py`` does for every image, with two worker processes. The peer is
what one would write first: one process, skinning by a float64 einsum, and a painter's algorithm
that sorts the triangles and draws them with OpenCV, without clothing, patterns or shadows. Both
draw the same layouts, observe and annotate the people, and encode the picture.
"""

import argparse
import dataclasses
import multiprocessing
import os

import cv2
import numpy as np
from _harness import compare

from mmpose_ext.body_models import BodyModel, load_body_model
from mmpose_ext.geometry import PinholeCamera, axis_angle_to_matrix, project
from mmpose_ext.synthetic.coco_labels import coco_annotation
from mmpose_ext.synthetic.domains import DOMAINS
from mmpose_ext.synthetic.layout import Layout, sample_layout
from mmpose_ext.synthetic.observation import observe
from mmpose_ext.synthetic.scene import STYLES, ScenePerson, SceneRender, render_scene

DOMAIN = dataclasses.replace(
    DOMAINS['coco'], people=(0.0, 1.0), image_sizes={(640, 480): 1.0}, size=(0.4, 0.9)
)
BODIES: dict[str, BodyModel] = {}


class EinsumBody(BodyModel):
    """A body that is skinned vertex by vertex in double precision."""

    def skin(self, betas, pose, translation=(0.0, 0.0, 0.0)):
        """See the base class."""
        shaped = self.v_template + np.einsum(
            'vdb,b->vd', self.shapedirs.astype(np.float64), betas.astype(np.float64)
        )
        rest = self.J_regressor.astype(np.float64) @ shaped
        local = np.tile(np.eye(4), (24, 1, 1))
        local[:, :3, :3] = axis_angle_to_matrix(np.asarray(pose, np.float64))
        local[:, :3, 3] = rest - np.where(self.parents[:, None] < 0, 0, rest[self.parents])
        world = local.copy()
        for joint in range(1, 24):
            world[joint] = world[self.parents[joint]] @ local[joint]
        posed = world[:, :3, 3].copy()
        world[:, :3, 3] -= np.einsum('jab,jb->ja', world[:, :3, :3], rest)
        blended = np.einsum('vj,jab->vab', self.weights.astype(np.float64), world)
        vertices = np.einsum('vab,vb->va', blended[:, :3, :3], shaped) + blended[:, :3, 3]
        return (vertices + translation).astype(np.float32), posed + translation


def paint_scene(layout: Layout, rng: np.random.Generator) -> SceneRender:
    """Draw all triangles from back to front."""
    camera: PinholeCamera = layout.camera
    shape = (camera.height, camera.width)
    image = cv2.GaussianBlur(rng.integers(0, 255, (*shape, 3)).astype(np.uint8), (0, 0), 4)
    ids = np.full(shape, -1, np.int16)
    depth = np.full(shape, np.inf, np.float32)
    triangles = []
    for index, person in enumerate(layout.people):
        corners = person.vertices[person.body.faces]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
        shades = np.clip(-normals @ np.array([0.3, -0.5, 0.8]), 0.2, 1)
        pixels = project(person.vertices, camera)[person.body.faces]
        towards = (normals * corners[:, 0]).sum(1) < 0
        colour = rng.uniform(60, 255, 3)
        for face in np.flatnonzero(towards & np.isfinite(pixels).all((1, 2))):
            z = float(corners[face, :, 2].mean())
            triangles.append(
                (z, np.rint(pixels[face]).astype(np.int32), colour * shades[face], index)
            )
    for z, polygon, colour, index in sorted(triangles, key=lambda triangle: -triangle[0]):
        cv2.fillConvexPoly(image, polygon, colour.tolist())
        cv2.fillConvexPoly(ids, polygon, index)
        cv2.fillConvexPoly(depth, polygon, z)
    return SceneRender(image, ids, depth)


def make(index: int, straightforward: bool = False) -> int:
    """Make one image and return the number of bytes of its file."""
    name = 'einsum' if straightforward else 'blas'
    layout = sample_layout(DOMAIN, {name: BODIES[name]}, np.random.default_rng([0, index]))
    rng = np.random.default_rng([1, index])
    if straightforward:
        scene = paint_scene(layout, rng)
    else:
        people = [ScenePerson(p.vertices, p.body, p.appearance_seed) for p in layout.people]
        scene = render_scene(people, layout.camera, STYLES['coco'], rng, layout.ground)
    for seen in observe(layout.people, layout.camera, scene.person_ids, scene.depth):
        if seen is not None:
            coco_annotation(seen, rng)
    return len(cv2.imencode('.jpg', scene.image)[1])


def prepare() -> None:
    """Load the bodies."""
    cv2.setNumThreads(1)
    body = load_body_model('standin', gender='male')
    arrays = {item.name: getattr(body, item.name) for item in dataclasses.fields(body)}
    BODIES.update(blas=body, einsum=EinsumBody(**arrays))


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=24, help='images per run')
    parser.add_argument('--repeats', type=int, default=7, help='runs of each side')
    args = parser.parse_args()
    os.environ['OMP_NUM_THREADS'] = '1'
    prepare()
    indices = range(args.images)
    with multiprocessing.get_context('spawn').Pool(2, prepare) as pool:
        compare(
            'synthetic_people_2_cores',
            ours=lambda: pool.map(make, indices, chunksize=2),
            peer=lambda: [make(index, straightforward=True) for index in indices],
            target='>= 40 images/s on 2 cores',
            repeats=args.repeats,
            warmup=2,
            items=args.images,
        )


if __name__ == '__main__':
    main()
