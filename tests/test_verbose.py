"""What a model prints: nothing unless asked, then progress and time, then details of the mask."""

import pandas as pd
import pytest

from secondlevel import SecondLevelModel

TIME = "Computation of second level model done in "


@pytest.fixture
def printed(paths, design, mask_img, capsys):
    """Fit, ask a contrast and mask the maps; return what came out on stdout and stderr."""

    def run(**settings):
        model = SecondLevelModel(mask_img, **settings)
        model.fit(paths, design_matrix=design)
        model.compute_contrast("age", output_type="all")
        model.transform(paths)
        return capsys.readouterr()

    return run


def lines_of(text):
    """Lines of a text, those after a carriage return on their own."""
    return text.replace("\r", "\n").splitlines()


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("settings", [{}, {"verbose": 0}], ids=["default", "0"])
def test_by_default_nothing_is_printed(printed, settings, n_jobs):
    """A quiet model is quiet on both streams, whatever is asked of it."""
    found = printed(n_jobs=n_jobs, **settings)
    assert (found.out, found.err) == ("", "")


def test_a_quiet_model_of_first_level_models_prints_nothing(make_first_level, mask_img, capsys):
    """Maps that are computed or read later, when a contrast asks for them, are as quiet."""
    models = [make_first_level(seed) for seed in range(3)]
    capsys.readouterr()
    SecondLevelModel(mask_img).fit(models).compute_contrast(first_level_contrast="task")
    found = capsys.readouterr()
    assert (found.out, found.err) == ("", "")


def test_level_1_prints_the_time_and_shows_a_progress_bar(printed):
    """One line with the seconds, and a bar on stderr that counts every map; nothing of the mask."""
    found = printed(verbose=1)
    times = [line for line in lines_of(found.out + found.err) if line.startswith(TIME)]
    assert len(times) == 1
    seconds, unit = times[0].removeprefix(TIME).split()
    assert float(seconds) >= 0
    assert unit == "seconds."
    assert "Reading maps" in found.err
    assert "7/7" in found.err
    assert "Reading maps" not in found.out
    assert "Masking:" not in found.out + found.err


def test_level_2_adds_a_line_on_the_masking(printed, mask_img):
    """The mask is described, with the number of elements analysed."""
    found = printed(verbose=2)
    lines = lines_of(found.out + found.err)
    masking = [line for line in lines if line.startswith("Masking:")]
    assert len(masking) == 1
    assert "given mask" in masking[0]
    n_inside = int((mask_img.get_fdata() > 0).sum())
    assert f"{n_inside} elements" in masking[0]
    assert sum(line.startswith(TIME) for line in lines) == 1
    assert "7/7" in found.err


def test_maps_that_a_contrast_reads_have_a_bar_of_their_own(table, design, mask_img, capsys):
    """With several map names nothing is read by fit, and each name's maps count from 0 to 7."""
    ordered = table.sort_values("subject_label")
    both = pd.concat([ordered, ordered.assign(map_name="houses")])
    model = SecondLevelModel(mask_img, verbose=1).fit(both, design_matrix=design)
    assert "7/7" not in capsys.readouterr().err
    model.compute_contrast("age", "houses")
    assert "7/7" in capsys.readouterr().err
    model.compute_contrast("intercept", "houses")
    assert capsys.readouterr().err == ""
