import cv2
import numpy as np
import pytest

from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.rendering import rasterize
from mmpose_ext.synthetic.layout import sample_layout
from mmpose_ext.synthetic.mesh_domains import MESH_DOMAINS
from mmpose_ext.synthetic.occlusion import hidden_share, mask_box, silhouettes


def painted(meshes, camera):
    """Ids of the meshes by the painter's algorithm of OpenCV, -1 elsewhere, at 4 times the size."""
    scale = 4
    corners, depths, owners = [], [], []
    for index, (vertices, faces) in enumerate(meshes):
        corners.append(project(vertices, camera)[faces])
        depths.append(vertices[faces, 2].mean(1))
        owners.append(np.full(len(faces), index))
    corners = np.concatenate(corners)
    image = np.full((camera.height * scale, camera.width * scale), -1, np.int16)
    pixels = np.rint((corners + 0.5) * scale - 0.5).clip(-9999, 9999).astype(np.int32)
    for face in np.argsort(-np.concatenate(depths)):
        cv2.fillConvexPoly(image, pixels[face], int(np.concatenate(owners)[face]))
    return image


@pytest.mark.parametrize('seed', [3, 5])
def test_share_agrees_with_a_painters_count(seed, bodies):
    layout = sample_layout(MESH_DOMAINS['crowd'], bodies, np.random.default_rng(seed), 0.5)
    meshes = [(person.vertices, person.body.faces) for person in layout.people]
    assert len(meshes) > 1
    together = rasterize([v for v, _ in meshes], [f for _, f in meshes], layout.camera)
    masks = silhouettes(layout.people, layout.camera)
    everyone = painted(meshes, layout.camera)
    for index, mesh in enumerate(meshes):
        alone = painted([mesh], layout.camera) == 0
        expected = 1 - ((everyone == index) & alone).sum() / alone.sum()
        share = hidden_share(masks[index], together.person_ids, index)
        assert share == pytest.approx(expected, abs=0.03)


def test_objects_hide_and_the_background_does_not():
    silhouette = np.zeros((20, 10), bool)
    silhouette[2:12, 3:7] = True
    person_ids = np.where(silhouette, 4, -1)
    assert hidden_share(silhouette, person_ids, 4) == 0
    person_ids[2:5] = -2
    assert hidden_share(silhouette, person_ids, 4) == 3 / 10
    person_ids[11, 3:5] = 0
    assert hidden_share(silhouette, person_ids, 4) == 14 / 40
    # Clothing may leave a pixel of the body uncovered.
    person_ids[8, 3] = -1
    assert hidden_share(silhouette, person_ids, 4) == 14 / 40
    assert hidden_share(np.zeros_like(silhouette), person_ids, 4) == 1


def test_what_the_border_cuts_is_not_hidden(bodies):
    camera = PinholeCamera(200, 200, 99.5, 250, 200, 120)
    layout = sample_layout(MESH_DOMAINS['open'], bodies, np.random.default_rng(0))
    person = layout.people[:1]
    masks = silhouettes(person, camera)
    ids = rasterize([person[0].vertices], person[0].body.faces, camera).person_ids
    assert hidden_share(masks[0], ids, 0) == (0 if masks[0].any() else 1)


def test_box_holds_the_mask_exactly():
    mask = np.zeros((9, 12), bool)
    mask[2:5, 7] = mask[4, 3] = True
    assert mask_box(mask) == (3, 2, 5, 3)
