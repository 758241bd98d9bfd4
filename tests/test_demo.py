"""The demo: what is planted is found, in files that other programs can read."""

import math
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread
from scipy import stats

from secondlevel.demo.folder import DemoFolder, FolderError
from secondlevel.demo.run import OUTPUTS, run_demo
from secondlevel.demo.simulate import CohortSettings, simulate_cohort
from secondlevel.demo.truth import CONTRASTS, EFFECTS, heights
from secondlevel.errors import InputError

WEIGHTS = {"activation": [0.5, 0.5, 0], "patient - control": [-1, 1, 0], "age": [0, 0, 1]}
DESCRIBED = {
    "effect": "effect_size",
    "variance": "effect_variance",
    "t": "stat",
    "z": "z_score",
    "p": "p_value",
}
SMALL = CohortSettings(n_subjects=5, seed=3, resolution=8)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A whole demo at 4 mm."""
    out = tmp_path_factory.mktemp("demo")
    return run_demo(out, CohortSettings(resolution=4), n_jobs=2)


@pytest.fixture(scope="module")
def mask(demo):
    """Where the demo looked."""
    return nib.load(demo.cohort.folder.mask)


def masked(path, mask):
    """Values of an image inside the mask, having checked that it lies on the mask's grid."""
    image = nib.load(path)
    assert image.shape == mask.shape
    np.testing.assert_array_equal(image.affine, mask.affine)
    values = image.get_fdata()
    assert np.isfinite(values).all()
    return values[mask.get_fdata() > 0]


def test_the_table_of_subjects_has_two_groups_and_ages(demo):
    """participants.tsv holds 24 subjects, two groups of 12, their columns of 0 and 1, and ages."""
    table = pd.read_csv(demo.cohort.folder.participants, sep="\t")
    assert list(table.columns) == ["participant_id", "group", "control", "patient", "age"]
    assert table["participant_id"].tolist() == [f"sub-{i:02d}" for i in range(1, 25)]
    assert table["group"].value_counts().to_dict() == {"control": 12, "patient": 12}
    assert (table["patient"] == (table["group"] == "patient")).all()
    assert (table["control"] + table["patient"] == 1).all()
    assert table["age"].between(20, 70).all()
    assert table["age"].std() > 5


def test_every_subject_has_a_map_of_float32_inside_the_brain(demo, mask):
    """A subject's file is a NIfTI image on the grid of the mask, zero outside of it."""
    assert len(demo.cohort.map_paths) == 24
    for path in demo.cohort.map_paths:
        image = nib.load(path)
        assert image.get_data_dtype() == np.float32
        assert image.shape == mask.shape
        assert image.header["descrip"].item().startswith(b"simulated contrast")
        assert ((image.get_fdata() != 0) <= (mask.get_fdata() != 0)).all()


def test_the_noise_has_the_standard_deviation_and_smoothness_that_were_asked(tmp_path):
    """Without effects, values have sd `noise_sd`, and neighbours the correlation of the FWHM."""
    settings = CohortSettings(n_subjects=6, resolution=4, noise_sd=0.5, noise_fwhm=8.0)
    cohort = simulate_cohort(tmp_path, settings, n_jobs=2)
    inside = nib.load(cohort.folder.mask).get_fdata() > 0
    distance = np.stack([effect.shape(coordinates(inside, tmp_path)) for effect in EFFECTS])
    far = np.zeros(inside.shape, dtype=bool)
    far[inside] = (distance < 1e-6).all(axis=0)
    maps = np.stack([nib.load(path).get_fdata() for path in cohort.map_paths])
    assert maps[:, far].std() == pytest.approx(0.5, rel=0.02)
    pairs = far[1:] & far[:-1]
    correlation = np.mean(maps[:, 1:][:, pairs] * maps[:, :-1][:, pairs]) / 0.5**2
    sigma = 8.0 / math.sqrt(8 * math.log(2))
    assert correlation == pytest.approx(math.exp(-(4.0**2) / (4 * sigma**2)), abs=0.02)


def coordinates(inside, out):
    """Millimetres of the voxels inside, shape (V, 3)."""
    affine = nib.load(DemoFolder(out).mask).affine
    return nib.affines.apply_affine(affine, np.argwhere(inside))


def test_every_contrast_gives_five_maps_and_a_picture(demo, mask):
    """Each file is there, on the mask's grid, finite, and its header says what it is."""
    assert [row.contrast for row in demo.rows] == list(CONTRASTS)
    for row in demo.rows:
        assert row.picture.is_file()
        assert [path.name.split("_")[1] for path in row.maps] == [
            f"{kind}.nii.gz" for kind in OUTPUTS
        ]
        for kind, path in zip(OUTPUTS, row.maps, strict=True):
            masked(path, mask)
            text = nib.load(path).header["descrip"].item().decode()
            assert text == f"t(21) {DESCRIBED[kind]} of contrast {CONTRASTS[row.contrast]}"


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_the_maps_are_those_of_least_squares_on_the_files(demo, mask, contrast):
    """Effect, variance, t, z and p agree with a regression written out, from the same files."""
    table = pd.read_csv(demo.cohort.folder.participants, sep="\t")
    age = table["age"] - table["age"].mean()
    X = np.column_stack([table["control"], table["patient"], age]).astype(float)
    Y = np.stack([masked(path, mask) for path in demo.cohort.map_paths])
    c = np.array(WEIGHTS[contrast])
    beta, rss, *_ = np.linalg.lstsq(X, Y)
    variance = rss / 21 * (c @ np.linalg.inv(X.T @ X) @ c)
    t = c @ beta / np.sqrt(variance)
    row = next(row for row in demo.rows if row.contrast == contrast)
    found = dict(zip(OUTPUTS, (masked(path, mask) for path in row.maps), strict=True))
    np.testing.assert_allclose(found["effect"], c @ beta, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(found["variance"], variance, rtol=1e-9)
    np.testing.assert_allclose(found["t"], t, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(found["p"], stats.t.sf(t, 21), rtol=1e-7)
    np.testing.assert_allclose(stats.norm.sf(found["z"]), found["p"], rtol=1e-9)
    assert row.peak_z == found["z"].max()
    assert row.n_above == np.count_nonzero(found["z"] > demo.threshold)


def test_peaks_lie_where_effects_were_planted(demo):
    """The highest z of each contrast is within 8 mm (two voxels) of one of its effects."""
    for row in demo.rows:
        centres = [effect.centre for effect in EFFECTS if effect.contrast == row.contrast]
        assert min(math.dist(row.peak, centre) for centre in centres) <= 8
        assert row.peak_z > 5
        assert row.n_above > 20


def test_every_planted_effect_is_found_with_its_size_and_sign(demo):
    """At each centre z is beyond 4 on the side of the effect, and the size within 30 %."""
    assert [recovery.effect for recovery in demo.recoveries] == list(EFFECTS)
    for recovery in demo.recoveries:
        assert recovery.z * np.sign(recovery.effect.size) > 4
        assert recovery.found == pytest.approx(recovery.effect.size, rel=0.3)


def test_what_it_took_is_told(demo):
    """Time and memory are positive, and memory never shrinks."""
    memory = [row.peak_memory for row in demo.rows]
    assert min(demo.simulate_seconds, demo.fit_seconds, demo.contrast_seconds) > 0
    assert memory[0] is None or (memory[0] > 10 and memory == sorted(memory))


def test_the_report_finds_what_was_planted(demo):
    """The page names all contrasts, with their peaks; all of it is one file."""
    page = demo.report.read_text(encoding="utf-8")
    assert demo.report == demo.cohort.folder.results / "report.html"
    assert page.startswith("<!doctype html>")
    for contrast in CONTRASTS:
        assert f">{contrast}</a>" in page
    assert "None of the 24 maps stands out." in page


def test_the_pictures_show_red_and_blue_on_white(demo):
    """A picture holds outlines, and the colours of positive and negative z."""
    for row in demo.rows:
        red, green, blue = np.moveaxis(imread(row.picture)[..., :3], -1, 0)
        assert red.shape[1] > 1000
        white = np.mean((red > 0.99) & (green > 0.99) & (blue > 0.99))
        assert 0.5 < white < 0.97
        assert np.count_nonzero(red - blue > 0.3) > 300
        # The colour bar alone has some blue, so this says little but for the group difference.
        assert np.count_nonzero(blue - red > 0.3) > 300


def test_the_truth_is_written_down(demo):
    """truth.tsv holds every effect with its contrast, centre and size."""
    table = pd.read_csv(demo.cohort.folder.truth, sep="\t")
    assert table["place"].tolist() == [effect.place for effect in EFFECTS]
    assert table["contrast"].tolist() == [effect.contrast for effect in EFFECTS]
    assert table[["x", "y", "z"]].to_numpy().tolist() == [list(e.centre) for e in EFFECTS]
    assert table["size"].tolist() == [effect.size for effect in EFFECTS]


def files_of(out):
    """Content of all files in a folder, by name."""
    return {path.relative_to(out): path.read_bytes() for path in out.rglob("*") if path.is_file()}


def test_a_seed_gives_the_same_bytes_for_any_number_of_jobs(tmp_path, monkeypatch):
    """All files depend on the settings alone, even in a folder that another demo has used."""
    # Pictures are drawn one after the other whatever the jobs, and take most of the time.
    monkeypatch.setattr("secondlevel.demo.run.plot_glass_brain", lambda *_: Figure(figsize=(1, 1)))
    run_demo(tmp_path / "one", SMALL, n_jobs=1)
    other = simulate_cohort(tmp_path / "two", CohortSettings(n_subjects=5, seed=4, resolution=8))
    mine = nib.load(tmp_path / "one" / "maps" / "sub-02_contrast.nii.gz").get_fdata()
    theirs = nib.load(other.map_paths[1]).get_fdata()
    assert abs(np.corrcoef(mine.ravel(), theirs.ravel())[0, 1]) < 0.5
    run_demo(tmp_path / "two", SMALL, n_jobs=2)
    one, two = files_of(tmp_path / "one"), files_of(tmp_path / "two")
    # The page says when it was made, and where its maps lie.
    pages = [files.pop(Path("results/report.html")).decode() for files in (one, two)]
    assert len(one) == 3 + 5 + 3 * 6
    assert one == two
    assert all("<h1>A simulated cohort of 5 subjects</h1>" in page for page in pages)


def test_a_subject_is_the_same_in_a_cohort_of_any_size(tmp_path):
    """Randomness has an address: seed and subject."""
    small = simulate_cohort(tmp_path / "small", SMALL)
    large = simulate_cohort(
        tmp_path / "large", CohortSettings(n_subjects=8, seed=SMALL.seed, resolution=8)
    )
    pd.testing.assert_frame_equal(small.participants, large.participants.head(5))
    assert small.map_paths[4].read_bytes() == large.map_paths[4].read_bytes()


def test_heights_are_those_of_the_contrasts():
    """A regression of the heights on the design gives back the size of every effect."""
    rng = np.random.default_rng(0)
    patient = np.arange(20) % 2
    table = pd.DataFrame({"patient": patient, "age": 45 + rng.normal(0, 10, 20)})
    X = np.column_stack([1 - patient, patient, table["age"] - 45])
    beta = np.linalg.lstsq(X, heights(EFFECTS, table))[0]
    sizes = [
        WEIGHTS[effect.contrast] @ column for effect, column in zip(EFFECTS, beta.T, strict=True)
    ]
    assert sizes == pytest.approx([effect.size for effect in EFFECTS])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_subjects": 3}, "at least 4 subjects"),
        ({"seed": -1}, "seed must be 0 or larger; got -1"),
        ({"resolution": 0}, "must be positive"),
        ({"noise_sd": 0.0}, "must be positive"),
    ],
)
def test_settings_are_checked(wrong, message):
    """What cannot be simulated is refused before anything is written."""
    with pytest.raises(InputError, match=message):
        CohortSettings(**wrong)


def test_a_table_that_no_demo_wrote_is_not_overwritten(tmp_path):
    """Somebody's participants.tsv survives, and nothing is left beside it."""
    (tmp_path / "participants.tsv").write_text("participant_id\nsub-01\n")
    with pytest.raises(FolderError, match="not written by a demo and would be lost"):
        simulate_cohort(tmp_path, SMALL)
    assert files_of(tmp_path).keys() == {(tmp_path / "participants.tsv").relative_to(tmp_path)}


def test_a_folder_that_cannot_be_written_is_refused(tmp_path, monkeypatch):
    """The check comes before the work."""
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(FolderError, match="cannot be written into"):
        DemoFolder(tmp_path).prepare()
