import cv2
import pytest

from mmpose_ext.visualization.compare_curves import compare_curves


@pytest.fixture
def tables(tmp_path):
    for run, slope in (('first', 1.0), ('second', -1.0)):
        rows = [f'val,{i},{i},avg/all,{slope * i}' for i in range(1, 5)]
        table = ['phase,epoch,iteration,name,value', *rows]
        (tmp_path / f'{run}.csv').write_text('\n'.join(table) + '\n')
    return {run: tmp_path / f'{run}.csv' for run in ('first', 'second')}


def test_every_run_is_drawn(tables, tmp_path):
    pictures = []
    for chosen in (('first',), ('first', 'second')):
        picture = tmp_path / f'{len(chosen)}.png'
        compare_curves({run: tables[run] for run in chosen}, {'mean': ('avg/all',)}, picture)
        pictures.append(cv2.imread(str(picture)))
    assert pictures[0].shape == pictures[1].shape
    # matplotlib's second line colour, as BGR.
    orange = [(abs(image - [14, 127, 255.0]).max(axis=2) < 20).sum() for image in pictures]
    assert orange[0] == 0 and orange[1] > 50


def test_unknown_quantity_is_an_error(tables, tmp_path):
    with pytest.raises(ValueError, match='nowhere'):
        compare_curves(tables, {'mean': ('nowhere',)}, tmp_path / 'curves.png')
