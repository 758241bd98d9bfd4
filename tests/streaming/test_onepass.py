"""One pass: every map is read once, in any number of threads, and nothing of it is kept unasked."""

import collections
import os
import pickle
import warnings
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import SecondLevelModel
from secondlevel.inputs.sources import MapFile, MapImage
from secondlevel.models.least_squares import LeastSquares
from secondlevel.streaming.disk import VolumeReader
from secondlevel.streaming.onepass import block_size

SHAPE = (9, 10, 11)
AFFINE = np.diag([3.0, 3, 3, 1])
N_MAPS = 13
DESIGN = pd.DataFrame({"age": np.random.default_rng(50).normal(size=N_MAPS), "intercept": 1.0})


def ball(shape=SHAPE):
    """Flags of a ball in the middle of a grid."""
    centre = (np.array(shape)[:, None, None, None] - 1) / 2
    return ((np.indices(shape) - centre) ** 2).sum(axis=0) < (min(shape) / 2) ** 2


def image_of(data, affine=AFFINE):
    """An image of single-precision numbers."""
    return nib.Nifti1Image(np.asarray(data, dtype=np.float32), affine)


MASK = nib.Nifti1Image(ball().astype(np.uint8), AFFINE)


@pytest.fixture(scope="module")
def volumes():
    """Maps bright within a ball and 0 around it, as an automatic mask wants them."""
    rng = np.random.default_rng(51)
    return [np.where(ball(), rng.normal(9, 1, SHAPE), 0).astype(np.float32) for _ in range(N_MAPS)]


def saved(volumes, folder, suffix=".nii.gz"):
    """Paths of one file per map."""
    kind = nib.Nifti1Pair if suffix == ".img" else nib.Nifti1Image
    paths = [str(folder / f"sub-{i:02}{suffix}") for i in range(len(volumes))]
    for volume, path in zip(volumes, paths, strict=True):
        nib.save(kind(volume, AFFINE), path)
    return paths


@pytest.fixture
def paths(volumes, tmp_path):
    """The maps as compressed files."""
    return saved(volumes, tmp_path)


def table_of(paths):
    """The maps as a table of one kind of map."""
    labels = [f"sub-{i:02}" for i in range(len(paths))]
    return pd.DataFrame({"subject_label": labels, "map_name": "m", "effects_map_path": paths})


class Readings(collections.Counter):
    """Counts by the name of a map; `given` are the ids of the user's images."""


@pytest.fixture
def readings(monkeypatch):
    """How often the voxels of each map were read, by any of the ways there are to read them.

    Of images in memory, those of the user count, not those made of a file that was read.
    """
    counts, given = Readings(), set()

    def counted(owner, method, name):
        original = getattr(owner, method)

        def read(*args):
            called = name(*args)
            if called is not None:
                counts[called] += 1
            return original(*args)

        monkeypatch.setattr(owner, method, read)

    counted(VolumeReader, "read", lambda reader, source: source.name)
    counted(MapFile, "image", lambda source: source.name)
    counted(MapImage, "voxels", lambda source: source.name if id(source.source) in given else None)
    counts.given = given
    return counts


# ------------------------------------------------------------------ once


def as_4d(volumes, folder, suffix):
    """Path of one file that holds all maps."""
    path = str(folder / f"all{suffix}")
    nib.save(image_of(np.stack(volumes, axis=-1)), path)
    return path


HAND_OVER = {
    "compressed files": saved,
    "plain files": lambda volumes, folder: saved(volumes, folder, ".nii"),
    "pairs of files": lambda volumes, folder: saved(volumes, folder, ".img"),
    "images": lambda volumes, folder: [image_of(volume) for volume in volumes],
    "images of files": lambda volumes, folder: [nib.load(p) for p in saved(volumes, folder)],
    "table": lambda volumes, folder: table_of(saved(volumes, folder)),
    "table of images": lambda volumes, folder: table_of([image_of(v) for v in volumes]),
    "compressed 4D file": lambda volumes, folder: as_4d(volumes, folder, ".nii.gz"),
    "plain 4D file": lambda volumes, folder: as_4d(volumes, folder, ".nii"),
    "4D image": lambda volumes, folder: image_of(np.stack(volumes, axis=-1)),
}

SETTINGS = {
    "mask": {"mask_img": MASK},
    "automatic mask": {},
    "smoothed": {"mask_img": MASK, "smoothing_fwhm": 5},
    "automatic mask, smoothed": {"smoothing_fwhm": 5},
    "other grid": {"mask_img": MASK, "target_affine": np.diag([4.0, 4, 4])},
    "automatic mask, other grid": {"target_affine": np.diag([4.0, 4, 4])},
}


IN_PARALLEL = [
    (kind, settings, 2)
    for kind in ("compressed files", "table", "compressed 4D file", "4D image")
    for settings in ("mask", "automatic mask")
]


@pytest.mark.parametrize(
    ("kind", "settings", "n_jobs"),
    [(kind, settings, 1) for kind in HAND_OVER for settings in SETTINGS] + IN_PARALLEL,
)
def test_every_map_is_read_once(volumes, tmp_path, readings, kind, settings, n_jobs):
    """Whatever the input, the mask and the settings: one reading per map, and none per contrast."""
    maps = HAND_OVER[kind](volumes, tmp_path)
    images = maps["effects_map_path"] if isinstance(maps, pd.DataFrame) else maps
    readings.given.update([id(maps)] if hasattr(maps, "dataobj") else map(id, images))
    model = SecondLevelModel(
        **SETTINGS[settings], n_jobs=n_jobs, missing="zero", minimize_memory=False
    )
    model.fit(maps, design_matrix=DESIGN)
    assert len(readings) == N_MAPS
    assert set(readings.values()) == {1}
    readings.clear()
    model.compute_contrast("age", output_type="all")
    model.compute_contrast(np.eye(2))
    model.residuals()
    model.r_square()
    _ = model.mask_img_, model.coverage_, model.masker_, model.get_feature_names_out()
    assert not readings


def test_each_kind_of_map_in_a_table_is_read_when_asked_for_and_once(volumes, tmp_path, readings):
    """Several map names: nothing but the mask's map is read by `fit`, and nothing twice."""
    (tmp_path / "b").mkdir()
    first = table_of(saved(volumes, tmp_path))
    second = table_of(saved(volumes, tmp_path / "b")).assign(map_name="other")
    table = pd.concat([first, second], ignore_index=True)
    model = SecondLevelModel().fit(table, design_matrix=DESIGN)
    assert set(readings) <= {f"'{first['effects_map_path'][0]}'"}
    for name, theirs in (("m", first), ("other", second), ("m", first), ("other", second)):
        model.compute_contrast("age", name, output_type="all")
        model.compute_contrast("intercept", name)
        assert all(readings[f"'{path}'"] == 1 for path in theirs["effects_map_path"])
    assert len(readings) == 2 * N_MAPS
    assert set(readings.values()) == {1}


class FirstLevel:
    """What a first-level model must be able to do; counts how often it is asked."""

    def __init__(self, label, volume):
        self.subject_label = label
        self.volume = volume
        self.design_matrices_ = [pd.DataFrame({"listen": [1.0], "look": [0.0]})]
        self.asked = collections.Counter()

    def compute_contrast(self, contrast, output_type):
        """Return an effect map."""
        assert output_type == "effect_size"
        self.asked[str(contrast)] += 1
        return image_of(self.volume * (1 if str(contrast) == "listen" else 2))


@pytest.mark.parametrize("mask", [None, MASK], ids=["automatic mask", "mask"])
@pytest.mark.parametrize("memory", [False, True], ids=["no cache", "cache"])
def test_a_first_level_contrast_is_computed_once(volumes, tmp_path, mask, memory):
    """Asking several second-level contrasts of one first-level contrast computes it once."""
    models = [FirstLevel(f"{i:02}", volume) for i, volume in enumerate(volumes)]
    model = SecondLevelModel(mask, memory=str(tmp_path) if memory else None)
    model.fit(models, design_matrix=DESIGN)
    for _ in range(2):
        for effect in ("look", "listen"):
            model.compute_contrast("age", effect)
            model.compute_contrast("intercept", effect)
    for first_level in models:
        assert first_level.asked == {"listen": 1, "look": 1}


# ------------------------------------------------------------------ any number of threads


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """Maps with enough voxels for threads to matter, some of them with gaps."""
    rng = np.random.default_rng(52)
    shape = (36, 40, 38)
    folder = tmp_path_factory.mktemp("many")
    paths = []
    for i in range(23):
        volume = np.where(ball(shape), rng.normal(100, 1, shape), 0).astype(np.float32)
        volume[18, 20, 8 + i] = np.nan  # not at the border, which says what background is
        paths.append(str(folder / f"{i}.nii"))
        nib.save(image_of(volume), paths[-1])
    return paths


@pytest.mark.parametrize("mask", [True, False], ids=["mask", "automatic mask"])
@pytest.mark.parametrize("n_jobs", [2, 4, -1, None])
def test_results_are_the_same_to_the_last_bit_for_any_number_of_threads(many, n_jobs, mask):
    """The number of threads decides how long it takes and nothing else."""
    shape = (36, 40, 38)
    mask_img = nib.Nifti1Image(ball(shape).astype(np.uint8), AFFINE) if mask else None
    design = pd.DataFrame(
        np.random.default_rng(53).normal(size=(23, 3)), columns=["a", "b", "c"]
    ).assign(intercept=1.0)

    def answers(n_jobs):
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*elements were left out")
            model = SecondLevelModel(mask_img, n_jobs=n_jobs, minimize_memory=False)
            model.fit(many, design_matrix=design)
        maps = model.compute_contrast("a - b", output_type="all")
        maps |= {
            f"F {k}": v for k, v in model.compute_contrast(np.eye(4), output_type="all").items()
        }
        maps |= {"residuals": model.residuals_, "r_square": model.r_square_}
        return maps | {"coverage": model.coverage_, "mask": model.mask_img_}

    expected, found = answers(1), answers(n_jobs)
    for name, image in expected.items():
        np.testing.assert_array_equal(found[name].get_fdata(), image.get_fdata(), err_msg=name)


def test_a_compressed_4d_file_is_read_in_order_by_any_number_of_threads(
    volumes, tmp_path, readings
):
    """Volumes of one stream come one after the other, without starting over."""
    opened = as_4d(volumes, tmp_path, ".nii.gz")
    stat = {}
    for n_jobs in (1, 4):
        readings.clear()
        model = SecondLevelModel(MASK, n_jobs=n_jobs).fit(opened, design_matrix=DESIGN)
        assert list(readings) == [f"'{opened}', volume {k}" for k in range(N_MAPS)]
        stat[n_jobs] = model.compute_contrast("age", output_type="stat").get_fdata()
    apart = SecondLevelModel(MASK).fit(saved(volumes, tmp_path), design_matrix=DESIGN)
    stat["apart"] = apart.compute_contrast("age", output_type="stat").get_fdata()
    np.testing.assert_array_equal(stat[1], stat["apart"])
    np.testing.assert_array_equal(stat[4], stat["apart"])


@pytest.mark.parametrize(("n_maps", "n_columns"), [(2, 1), (20, 3), (33, 12), (400, 40), (400, 1)])
def test_blocks_cover_all_maps_whatever_their_number(n_maps, n_columns):
    """A block holds at least one map and at most all of them."""
    for n_elements in (1, 1000, 235_000, 50_000_000):
        assert 1 <= block_size(n_maps, n_columns, n_elements) <= n_maps


def test_maps_are_reduced_block_by_block(paths, monkeypatch):
    """The estimator never sees all maps at once, which is what keeps memory constant."""
    seen = []
    original = LeastSquares.reduce

    def watched(self, rows, data):
        seen.append(data.shape)
        return original(self, rows, data)

    monkeypatch.setattr(LeastSquares, "reduce", watched)
    SecondLevelModel(MASK).fit(paths, design_matrix=DESIGN)
    assert sum(rows for rows, _ in seen) == N_MAPS
    assert max(rows for rows, _ in seen) <= 3
    assert {elements for _, elements in seen} == {int(ball().sum())}


# ------------------------------------------------------------------ nothing kept unasked


def test_no_map_is_kept_unless_asked_for(many):
    """A fitted model does not grow with the maps; with `minimize_memory=False` it holds them."""
    mask_img = nib.Nifti1Image(ball((36, 40, 38)).astype(np.uint8), AFFINE)
    sizes = {}
    for n_maps in (8, 23):
        for minimize_memory in (True, False):
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message=".*elements were left out")
                model = SecondLevelModel(mask_img, minimize_memory=minimize_memory)
                model.fit(many[:n_maps], design_matrix=pd.DataFrame({"mean": np.ones(n_maps)}))
            sizes[n_maps, minimize_memory] = len(pickle.dumps(model))
    map_bytes = 8 * model.n_elements_
    # 15 maps more: their paths, which are kept.
    assert sizes[23, True] - sizes[8, True] < 15 * 2_000 < map_bytes / 5
    for n_maps in (8, 23):
        kept = sizes[n_maps, False] - sizes[n_maps, True]
        assert kept == pytest.approx(n_maps * map_bytes, rel=0.01)


def test_fit_transform_hands_the_maps_out_and_keeps_none(paths):
    """What is returned is not stored too."""
    model = SecondLevelModel(MASK)
    data = model.fit_transform(paths, design_matrix=DESIGN)
    assert data.shape == (N_MAPS, model.n_elements_)
    assert len(pickle.dumps(model)) < len(pickle.dumps(data)) + 10_000
    with pytest.raises(AttributeError, match="minimize_memory"):
        _ = model.residuals_


@pytest.mark.parametrize(
    ("settings", "n_jobs"), [*((name, 1) for name in SETTINGS), ("mask", 2), ("automatic mask", 2)]
)
def test_transform_gives_what_fit_transform_gave(paths, settings, n_jobs, readings):
    """The same maps masked again are the same numbers, read once more each."""
    model = SecondLevelModel(**SETTINGS[settings], n_jobs=n_jobs, missing="zero")
    data = model.fit_transform(paths, design_matrix=DESIGN)
    assert set(readings.values()) == {1}
    np.testing.assert_array_equal(model.transform(paths), data)
    assert set(readings.values()) == {2}
    np.testing.assert_array_equal(model.transform(paths[4:6]), data[4:6])
    np.testing.assert_array_equal(model.transform(paths[7]), data[7:8])


# ------------------------------------------------------------------ cache


def test_a_cache_spares_the_second_reading(paths, tmp_path, readings):
    """With `memory` a second fit of the same files reads none of them, also in a new model."""
    stats = []
    for n_jobs in (1, 2, 1):
        model = SecondLevelModel(MASK, memory=str(tmp_path / "cache"), n_jobs=n_jobs)
        model.fit(paths, design_matrix=DESIGN)
        stats.append(model.compute_contrast("age", output_type="stat").get_fdata())
        assert set(readings.values()) == {1}
        np.testing.assert_array_equal(stats[-1], stats[0])
    model.transform(paths)
    assert set(readings.values()) == {1}
    without = SecondLevelModel(MASK).fit(paths, design_matrix=DESIGN)
    np.testing.assert_array_equal(
        without.compute_contrast("age", output_type="stat").get_fdata(), stats[0]
    )


def test_a_cache_notices_a_changed_file(paths, tmp_path, readings):
    """A file written anew is read anew, the others are not; the result is that of the new file."""
    settings = {"mask_img": MASK, "memory": str(tmp_path / "cache")}
    SecondLevelModel(**settings).fit(paths, design_matrix=DESIGN)
    nib.save(image_of(7 * nib.load(paths[4]).get_fdata()), paths[4])
    os.utime(paths[4], ns=(1, 1))
    readings.clear()
    found = SecondLevelModel(**settings).fit(paths, design_matrix=DESIGN)
    assert readings == {f"'{paths[4]}'": 1}
    expected = SecondLevelModel(MASK).fit(paths, design_matrix=DESIGN)
    np.testing.assert_array_equal(
        found.compute_contrast("age").get_fdata(), expected.compute_contrast("age").get_fdata()
    )


def test_a_cache_notices_another_scale_of_the_same_voxels(volumes, tmp_path, readings):
    """A header that gives the voxels of a pair of files another scale makes it another map."""
    paths = saved(volumes, tmp_path, ".img")
    settings = {"mask_img": MASK, "memory": str(tmp_path / "cache")}
    SecondLevelModel(**settings).fit(paths, design_matrix=DESIGN)
    header_path = paths[4].replace(".img", ".hdr")
    header = nib.Nifti1Header(Path(header_path).read_bytes()[:348], check=False)
    header["scl_slope"] = 3.0
    Path(header_path).write_bytes(header.binaryblock + bytes(4))
    readings.clear()
    SecondLevelModel(**settings).fit(paths, design_matrix=DESIGN)
    assert readings == {f"'{paths[4]}'": 1}


@pytest.mark.parametrize(
    "changed",
    [
        {"smoothing_fwhm": 5},
        {"mask_img": nib.Nifti1Image(np.ones(SHAPE, dtype=np.uint8), AFFINE)},
        {"target_affine": np.diag([4.0, 4, 4])},
    ],
    ids=["smoothing", "mask", "grid"],
)
def test_a_cache_is_not_used_for_other_settings(paths, tmp_path, readings, changed):
    """What a vector depends on, besides its map, is part of what it is known by."""
    settings = {"mask_img": MASK, "memory": str(tmp_path / "cache"), "missing": "zero"}
    table = DESIGN.assign(noise=np.random.default_rng(54).normal(size=N_MAPS))
    SecondLevelModel(**settings).fit(paths, design_matrix=table)
    # Elements outside the ball are 0 in all maps.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*no residual variance")
        model = SecondLevelModel(**settings | changed).fit(paths, design_matrix=table)
    assert set(readings.values()) == {2}
    assert model.n_elements_ > 0


def test_images_in_memory_are_known_by_their_values(volumes, tmp_path):
    """The cache tells images apart by what they hold, not by where they lie."""
    settings = {"mask_img": MASK, "memory": str(tmp_path / "cache")}
    data = [
        SecondLevelModel(**settings).fit_transform(
            [image_of(factor * volume) for volume in volumes], design_matrix=DESIGN
        )
        for factor in (1, 2, 1)
    ]
    np.testing.assert_array_equal(data[1], 2 * data[0])
    np.testing.assert_array_equal(data[2], data[0])


def test_memory_level_0_caches_nothing(paths, tmp_path, readings):
    """A cache can be switched off without taking it away."""
    folder = tmp_path / "cache"
    for _ in range(2):
        SecondLevelModel(MASK, memory=str(folder), memory_level=0).fit(paths, design_matrix=DESIGN)
    assert set(readings.values()) == {2}
    assert not list(folder.rglob("*.pkl"))
