"""A year of monthly builds: pages come, change, vanish, opt out, are erased; builds are killed."""

import pytest
from written_year import Sizes
from year import MONTHS, Run

SIZES = Sizes(new=8, again=3, changed=1, vanished=1, reserved=1, copied=1, pages_a_host=2)


@pytest.fixture(scope="module")
def disturbed(tmp_path_factory):
    """A year in which every third build is killed; every month is checked as it is made."""
    run = Run(tmp_path_factory.mktemp("disturbed"), SIZES, 1, disturbed=True)
    months = [run.month()[0] for _ in range(MONTHS)]
    return run, months


def test_a_year_in_which_builds_are_killed_comes_to_what_it_should(disturbed):
    run, months = disturbed
    assert run.killed == [3, 6, 9, 12]
    assert months[-1].month.erased
    assert len(run.year.opted_out) > MONTHS
    assert len(run.year.erased) == MONTHS // 2
    assert [len(roots) for roots in run.roots] == list(range(1, MONTHS + 1))


def test_the_same_year_undisturbed_comes_to_the_same_roots(disturbed, tmp_path):
    again = Run(tmp_path, SIZES, 1, disturbed=False)
    for _ in range(MONTHS):
        again.month()
    assert again.roots == disturbed[0].roots
