import pytest

from mmpose_ext.apis.unified_report import halpe_lines, table_lines


def metrics(pck: float, average_precision: float, group: str = '') -> dict[str, float]:
    coco = {
        f'coco{group}/{key}': average_precision / 100
        for key in ('AP', 'AP .5', 'AP .75', 'AR', 'AR .5', 'AR .75')
    }
    halpe = {key.replace(f'coco{group}', 'halpe'): value for key, value in coco.items()}
    return {f'mpii{group}/PCK': pck, f'mpii{group}/PCK@0.1': pck / 4, **coco, **halpe}


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip('|').split('|')]


@pytest.mark.parametrize(
    ('pck', 'average_precision', 'average'),
    [(79.75, 62.03, '70.89'), (84.16, 68.63, '76.40'), (80.21, 60.69, '70.45')],
)
def test_average_is_that_of_the_paper(pck, average_precision, average):
    line = table_lines({'student_distill': [metrics(pck, average_precision)]})[-1]
    # The paper's Tables 1 and 2 print 76.395 as 76.40; in binary it rounds down.
    assert float(cells(line)[-1]) == pytest.approx(float(average), abs=0.0101)


def test_starred_row_reads_shared_joints():
    both = {**metrics(80, 20), **metrics(70, 60, '_shared12')}
    lines = table_lines({'student_mpii': [both]})
    plain, starred = cells(lines[-2]), cells(lines[-1])
    assert (plain[0], plain[1], plain[3]) == ('MPII', '80.00', '20.00')
    assert (starred[0], starred[1], starred[3]) == ('MPII*', '80.00', '60.00')


def test_several_seeds_give_mean_and_sample_deviation():
    runs = {'student_distill': [metrics(70, 50), metrics(74, 50), metrics(78, 50)]}
    assert cells(table_lines(runs)[-1])[1] == '74.00 ± 4.00'


def test_halpe_lists_only_models_of_21_keypoints():
    runs = {'student_distill': [metrics(70, 50)], 'student_coco': [metrics(70, 50)]}
    assert [cells(line)[0] for line in halpe_lines(runs)[2:]] == ['unified (distilled)']
