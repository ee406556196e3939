import numpy as np
import pytest

from mmpose_ext.body_models import load_body_model
from mmpose_ext.geometry import PinholeCamera, axis_angle_to_matrix
from mmpose_ext.rendering import interpolate, rasterize, vertex_normals
from mmpose_ext.synthetic.appearance import PATTERNS, REGIONS, sample_appearance
from mmpose_ext.synthetic.appearance_landmarks import find_landmarks
from mmpose_ext.synthetic.appearance_paint import dress, paint
from mmpose_ext.synthetic.scene_style import STYLES

CAMERA = PinholeCamera(200, 200, 99.5, 99.5, 200, 200)


@pytest.fixture(scope='module')
def body():
    return load_body_model('standin')


@pytest.fixture(scope='module')
def look():
    """Long trousers and short sleeves; the blue channel is 10 times the region's number."""
    codes = np.repeat(10 * np.arange(len(REGIONS), dtype=np.float32)[:, None], 3, 1)
    return sample_appearance(STYLES['coco'], np.random.default_rng(0))._replace(
        colours=codes,
        second_colours=codes,
        patterns=np.zeros(len(REGIONS), np.int32),
        sleeve=0.5,
        leg=0.97,
        waist=0.2,
        neckline=0.05,
        sock=0.0,
        shoe=0.03,
        hair_length=0.0,
        bald=False,
        headwear=False,
        gloves=False,
        logo=0.0,
        looseness=0.0,
        hair_volume=0.0,
    )


def regions_seen(body, look, vertices, camera=CAMERA):
    """Number of the region at every pixel, -1 where nobody is, and the rest positions."""
    result = rasterize([vertices], body.faces, camera)
    normals = vertex_normals(vertices, body.faces)
    rest = np.ascontiguousarray(body.v_template, np.float32)
    # Without direct light and with full light from everywhere, colours are albedos.
    lights = np.zeros((7, 3))
    lights[:2] = 1
    image = np.full((*result.face_ids.shape, 3), 255, np.uint8)
    paint(
        image,
        result.person_ids,
        result.face_ids,
        np.zeros(result.depth.shape, np.float32),
        result.vertices,
        result.faces,
        normals,
        (float(camera.fx), float(camera.fy), float(camera.cx), float(camera.cy)),
        0,
        0,
        rest,
        find_landmarks(body),
        look,
        lights,
    )
    covered = result.face_ids >= 0
    # Folds change a colour by less than half a step of the darker codes.
    regions = np.where(covered, np.rint(image[..., 0] / 10), -1).astype(int)
    return regions, interpolate(result, rest)


def facing(body, turn: float, distance: float = 2.4) -> np.ndarray:
    turned = body.v_template @ axis_angle_to_matrix(np.array([0, turn, 0])).T
    centred = turned - (turned.max(0) + turned.min(0)) / 2
    return centred * [1, -1, -1] + [0, 0, distance]


@pytest.fixture
def flat(look):
    return look._replace(wrinkles=0.0)


def test_face_is_on_the_front(body, flat):
    camera = PinholeCamera(1200, 1200, 99.5, 480, 200, 200)
    face = [REGIONS.index(name) for name in ('eye_white', 'iris', 'brow', 'lips')]
    scaled = flat._replace(colours=flat.colours.copy())
    # Skin's weak texture must not carry one code into the next.
    scaled.colours[:] = 0
    scaled.colours[face] = 200
    front, back = (
        (regions_seen(body, scaled, facing(body, turn), camera)[0] >= 15).sum()
        for turn in (0, np.pi)
    )
    assert front > 100
    assert back == 0


def test_garments_cover_what_they_should(body, look):
    marks = find_landmarks(body)
    only_top, only_bottom, only_shoes = (
        look._replace(
            colours=np.where(
                np.arange(len(REGIONS))[:, None] == REGIONS.index(name), 200, 0
            ).astype(np.float32)
        )
        for name in ('top', 'bottom', 'shoes')
    )
    regions, rest = regions_seen(body, only_top, facing(body, 0))
    covered = regions > 10
    elbow_x = (marks.shoulder_x + marks.wrist_x) / 2
    assert np.abs(rest[covered][:, 0]).max() == pytest.approx(elbow_x, abs=0.03)
    assert rest[covered][:, 1].min() > marks.hip_y
    regions, rest = regions_seen(body, only_bottom, facing(body, 0))
    covered = regions > 10
    assert rest[covered][:, 1].min() == pytest.approx(marks.ankle_y, abs=0.06)
    assert rest[covered][:, 1].max() < marks.shoulder_y - 0.2
    regions, rest = regions_seen(body, only_shoes, facing(body, 0))
    assert rest[regions > 10][:, 1].max() == pytest.approx(marks.ankle_y + 0.03, abs=0.02)


@pytest.mark.parametrize('pattern', PATTERNS[1:])
def test_patterns_move_with_the_body(body, look, pattern):
    colours = np.zeros_like(look.colours)
    patterned = look._replace(
        colours=colours,
        second_colours=colours + 200,
        wrinkles=0.0,
        sleeve=1.0,
        patterns=np.full(len(REGIONS), PATTERNS.index(pattern), np.int32),
        scales=np.full(len(REGIONS), 6, np.float32),
    )
    pose = np.zeros((24, 3))
    pose[16, 2] = pose[18, 1] = -0.9
    posed, _ = body.skin(np.zeros(10), pose, np.zeros(3))
    seen = []
    for vertices in (body.v_template, posed):
        vertices = vertices * [1, -1, -1] + [0, 0.2, 2.4]
        regions, rest = regions_seen(body, patterned, vertices)
        seen.append((regions > 10, rest, regions >= 0))
    # The same surface point has the same colour in both poses.
    (first, first_rest, first_on), (second, second_rest, second_on) = seen
    assert 0.02 < first[first_on].mean() < 0.98
    distances = np.linalg.norm(
        second_rest[second_on][:, None] - first_rest[first_on][None, ::7], axis=-1
    )
    nearest = distances.argmin(1)
    close = distances.min(1) < 0.002
    assert close.sum() > 50
    same = second[second_on][close] == first[first_on][::7][nearest[close]]
    assert same.mean() > 0.9


def test_clothing_adds_thickness(body, look):
    marks, rest = find_landmarks(body), np.ascontiguousarray(body.v_template, np.float32)
    vertices = np.array(body.v_template, np.float64)
    normals = vertex_normals(vertices, body.faces)
    dress(vertices, normals, rest, marks, look._replace(looseness=0.02, hair_volume=0.03))
    moved = ((vertices - body.v_template) * normals).sum(1)
    assert moved.min() > -1e-6
    assert moved.max() < 0.035
    hands = np.abs(rest[:, 0]) > marks.wrist_x + 0.03
    crown = rest[:, 1] > marks.head_top - 0.02
    assert (moved[hands] == 0).all()
    np.testing.assert_allclose(moved[crown], 0.03, atol=1e-5)


@pytest.mark.parametrize('style', STYLES)
def test_appearance_depends_on_the_seed(style):
    looks = [sample_appearance(STYLES[style], np.random.default_rng(seed)) for seed in (1, 1, 2)]
    for first, second in zip(looks[0], looks[1]):
        np.testing.assert_array_equal(first, second)
    assert (looks[0].colours != looks[2].colours).any()


@pytest.mark.parametrize('gender', ['neutral', 'male', 'female'])
def test_landmarks_are_in_the_order_of_a_body(gender):
    marks = find_landmarks(load_body_model('standin', gender=gender))
    heights = [marks.ankle_y, marks.hip_y, marks.shoulder_y, marks.nose_y, marks.head_top]
    assert heights == sorted(heights)
    assert 0 < marks.hip_x < marks.shoulder_x < marks.wrist_x
    assert 0.7 < marks.face_scale < 1.4
