"""Rasterise a person: the z-buffer against a painter's algorithm with OpenCV's polygons.

The peer is what is often used where OpenGL is not available: sort the faces by depth and fill
them from back to front. It yields a picture; ours yields face ids and depth as well.
"""

import argparse

import cv2
import numpy as np
from _harness import compare

from mmpose_ext.body_models import load_body_model
from mmpose_ext.geometry import PinholeCamera, project
from mmpose_ext.rendering import rasterize


def standing_person(camera: PinholeCamera) -> tuple[np.ndarray, np.ndarray]:
    """The stand-in body with lowered arms, filling the height of the image."""
    body = load_body_model('standin')
    pose = np.zeros((24, 3))
    pose[[16, 17], 2] = -1.1, 1.1
    vertices, _ = body.skin(np.zeros(10), pose, np.zeros(3))
    vertices = vertices * [1, -1, -1]
    vertices -= (vertices.max(0) + vertices.min(0)) / 2
    height = np.ptp(vertices[:, 1])
    vertices[:, 2] += 1.1 * camera.fy * height / camera.height
    return vertices, body.faces


def subdivide(vertices: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut every triangle into four."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    unique, inverse = np.unique(edges, axis=0, return_inverse=True)
    ab, bc, ca = (inverse.reshape(-1) + len(vertices)).reshape(3, -1)
    a, b, c = faces.T
    corners = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    finer = np.concatenate([np.stack(triangle, axis=1) for triangle in corners])
    return np.concatenate([vertices, vertices[unique].mean(1)]), finer.astype(np.int32)


def paint(vertices: np.ndarray, faces: np.ndarray, camera: PinholeCamera) -> np.ndarray:
    """Fill the faces that face the camera from back to front, each in one grey."""
    image = np.full((camera.height, camera.width), 255, np.uint8)
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    towards = -(normals * corners[:, 0]).sum(1)
    front = np.flatnonzero(towards > 0)
    front = front[np.argsort(-corners[front, :, 2].mean(1))]
    lengths = np.linalg.norm(normals[front], axis=1)
    distances = np.linalg.norm(corners[front, 0], axis=1)
    greys = (76 + 179 * towards[front] / (lengths * distances)).tolist()
    # Four binary digits of sub-pixel precision.
    polygons = np.rint(project(vertices, camera)[faces[front]] * 16).astype(np.int32)
    for polygon, grey in zip(polygons, greys):
        cv2.fillConvexPoly(image, polygon, grey, cv2.LINE_8, 4)
    return image


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--size', type=int, default=512, help='image width and height in pixels')
    parser.add_argument('--repeats', type=int, default=30)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    centre = (args.size - 1) / 2
    camera = PinholeCamera(args.size, args.size, centre, centre, args.size, args.size)
    vertices, faces = standing_person(camera)
    for mesh in (subdivide(vertices, faces), (vertices, faces)):
        buffers = rasterize([mesh[0]], mesh[1], camera)
        agree = ((buffers.face_ids >= 0) == (paint(*mesh, camera) < 255)).mean()
        print(
            f'{len(mesh[1])} faces, {args.size} x {args.size}: '
            f'silhouettes agree in {agree:.2%} of the pixels'
        )
        compare(
            f'rasterizer_{len(mesh[1])}_faces',
            ours=lambda mesh=mesh, out=buffers: rasterize(
                [mesh[0]], mesh[1], camera, out=out, cull_backfaces=True
            ),
            peer=lambda mesh=mesh: paint(*mesh, camera),
            target='<= 6 ms',
            repeats=args.repeats,
        )


if __name__ == '__main__':
    main()
