"""Images of a permutation run: what they hold, what their headers say, what can be made of them."""

import pickle

import joblib
import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.surface import InMemoryMesh, PolyMesh, SurfaceImage
from scipy import ndimage, stats

from secondlevel import (
    ClusterSummary,
    SecondLevelModel,
    TFCESummary,
    get_clusters_table,
    threshold_stats_img,
)
from secondlevel.errors import InputError

SHAPE = (9, 10, 11)
AFFINE = np.array([[-2.0, 0, 0, 9], [0, 2, 0, -9], [0, 0, 2.5, -12], [0, 0, 0, 1]])
N_MAPS = 12
INSIDE = np.ones(SHAPE, dtype=bool)
INSIDE[:2, :3] = False
GROUP = np.repeat([1.0, 0.0], 6)
AGE = [31.0, 55, 42, 28, 61, 47, 33, 58, 40, 29, 64, 45]
DESIGN = pd.DataFrame({"patient": GROUP, "control": 1 - GROUP, "age": AGE})


@pytest.fixture(scope="module")
def model():
    """Smooth maps of two groups, which differ on both sides of a mask."""
    rng = np.random.default_rng(70)
    maps = []
    for patient in GROUP:
        noise = ndimage.gaussian_filter(rng.normal(size=SHAPE), 1.0)
        noise /= noise.std()
        noise[4:7, 2:6, 2:5] += 3.5 * patient
        noise[4:7, 6:9, 6:9] -= 3.0 * patient
        maps.append(nib.Nifti1Image(noise, AFFINE))
    mask = nib.Nifti1Image(INSIDE.astype(np.uint8), AFFINE)
    return SecondLevelModel(mask, minimize_memory=False).fit(maps, design_matrix=DESIGN)


@pytest.fixture(scope="module")
def permute(model):
    """Ask the model 200 seeded shuffles, each question once."""
    answers = {}

    def ask(contrast="patient - control", **keywords):
        key = repr((contrast, keywords))
        if key not in answers:
            answers[key] = model.permute(contrast, n_perm=200, random_state=7, **keywords)
        return answers[key]

    return ask


CLUSTERS = (ClusterSummary(p=0.01),)
EVERYTHING = (ClusterSummary(p=0.01), TFCESummary())
F_ROWS = ["patient - control", "age"]


@pytest.mark.parametrize(
    ("contrast", "keywords", "expected"),
    [
        ("age", {}, "t z logp_max_t"),
        ("age", {"scale": "stat"}, "t logp_max_t"),
        ("age", {"statistic": "partial_r"}, "partial_r z logp_max_partial_r"),
        (F_ROWS, {}, "F z logp_max_F"),
        (F_ROWS, {"statistic": "partial_r", "scale": "stat"}, "partial_r2 logp_max_partial_r2"),
        ("age", {"variance_groups": GROUP}, "v z logp_max_v"),
        (F_ROWS, {"variance_groups": GROUP, "scale": "stat"}, "G logp_max_G"),
        (
            "age",
            {"summaries": EVERYTHING, "scale": "stat"},
            "t logp_max_t size logp_max_size mass logp_max_mass tfce logp_max_tfce",
        ),
        (
            "age",
            {"summaries": (TFCESummary(),), "uncorrected": True},
            "t z logp_max_t logp_unc_t logp_fdr_t tfce logp_max_tfce logp_unc_tfce logp_fdr_tfce",
        ),
    ],
)
def test_images_are_named_by_what_they_hold(permute, contrast, keywords, expected):
    """Statistic, z, clusters and scores, and before each the kind of its p."""
    found = permute(contrast, **keywords)
    assert found.keys() == tuple(expected.split())
    assert list(found.images()) == expected.split()


def test_images_hold_the_arrays_of_the_result(permute):
    """Inside the mask an image is its array, -log10 where it is p; outside all are 0."""
    found = permute(summaries=EVERYTHING, uncorrected=True, sides="both")
    result = found.result[0]
    summaries = result.summaries
    expected = {"t": result.statistic, "z": result.heights}
    expected |= {name: summaries[name].observed for name in ("size", "mass", "tfce")}
    for name in ("max", "size", "mass", "tfce"):
        shown = "t" if name == "max" else name
        expected[f"logp_max_{shown}"] = -np.log10(summaries[name].p)
        if name in ("max", "tfce"):
            expected[f"logp_unc_{shown}"] = -np.log10(summaries[name].p_uncorrected)
            expected[f"logp_fdr_{shown}"] = -np.log10(summaries[name].q)
    assert set(found.keys()) == set(expected)
    for key, image in found.images().items():
        values = image.get_fdata()
        np.testing.assert_array_equal(values[INSIDE], expected[key], err_msg=key)
        assert not values[~INSIDE].any()
        assert image.shape == SHAPE
        np.testing.assert_array_equal(image.affine, AFFINE)
        if key.startswith("logp"):
            assert not np.signbit(values).any(), key
    np.testing.assert_array_equal(found.image().get_fdata(), found.image("logp_max_t").get_fdata())


def test_the_statistic_is_that_of_the_model(model, permute):
    """Images "t" and "z" of the unshuffled maps are the model's statistic and z."""
    found = permute("age")
    maps = model.compute_contrast("age", output_type="all")
    # Worst seen: 0, 0.
    np.testing.assert_array_equal(found.image("t").get_fdata(), maps["stat"].get_fdata())
    np.testing.assert_allclose(
        found.image("z").get_fdata(), maps["z_score"].get_fdata(), rtol=1e-12, atol=1e-12
    )


HEADERS = [
    ("age", {}, "t", ("t test", (9.0,), "")),
    ("age", {}, "z", ("z score", (), "")),
    ("age", {}, "logp_max_t", ("log10 p value", (), "")),
    ("age", {"statistic": "partial_r"}, "partial_r", ("correlation", (9.0,), "")),
    (F_ROWS, {}, "F", ("f test", (2.0, 9.0), "")),
    (F_ROWS, {}, "z", ("z score", (), "")),
    (F_ROWS, {"statistic": "partial_r"}, "partial_r2", ("estimate", (), "")),
    ("age", {"variance_groups": GROUP}, "v", ("none", (), "")),
    ("age", {"summaries": EVERYTHING, "scale": "stat"}, "size", ("estimate", (), "")),
    ("age", {"summaries": EVERYTHING, "scale": "stat"}, "tfce", ("estimate", (), "")),
    ("age", {"summaries": EVERYTHING, "scale": "stat"}, "logp_max_mass", ("log10 p value", (), "")),
]


@pytest.mark.parametrize(("contrast", "keywords", "key", "intent"), HEADERS)
def test_headers_say_what_images_hold(permute, tmp_path, contrast, keywords, key, intent):
    """Intent, degrees of freedom and contrast stand in the header, and in the file."""
    image = permute(contrast, **keywords).image(key)
    nib.save(image, tmp_path / "map.nii.gz")
    name = contrast if isinstance(contrast, str) else ", ".join(contrast)
    for header in (image.header, nib.load(tmp_path / "map.nii.gz").header):
        assert header.get_intent() == intent
        assert header["descrip"].item().decode() == f"{key} of contrast {name}"


def test_a_long_name_is_cut_and_letters_beyond_ascii_are_replaced(model):
    """A header has room for 79 letters of ASCII."""
    name = "âge " + 30 * "long "
    found = model.permute({name: "age"}, n_perm=2, random_state=0)
    descrip = found.image("t", name).header["descrip"].item().decode("ascii")
    assert descrip == f"t of contrast ?ge {30 * 'long '}"[:79].rstrip("\0")


def test_images_and_contrasts_that_are_not_there_are_refused(permute):
    """The message lists those there are."""
    found = permute(contrast={"more": "patient - control", "less": "control - patient"})
    with pytest.raises(InputError, match=r"no image 'p'. There are t, z, logp_max_t\."):
        found.image("p")
    with pytest.raises(InputError, match=r"no image 'size'"):
        found.image("size")
    with pytest.raises(InputError, match=r"no contrast 'same'; there are 'more', 'less'"):
        found.image(contrast="same")
    with pytest.raises(InputError, match=r"no contrast 'same'"):
        found.keys("same")


def test_contrasts_have_images_of_their_own(permute):
    """A contrast is asked for by number or by name; one of two opposite ones is the other's."""
    found = permute(contrast={"more": "patient - control", "less": "control - patient"})
    more, less = found.images("more"), found.images("less")
    np.testing.assert_array_equal(more["t"].get_fdata(), -less["t"].get_fdata())
    assert np.abs(more["logp_max_t"].get_fdata() - less["logp_max_t"].get_fdata()).max() > 1
    np.testing.assert_array_equal(found.image("t", 1).get_fdata(), less["t"].get_fdata())
    # Corrected together: no smaller than the p of one by itself.
    alone = permute("patient - control").image().get_fdata()
    assert (more["logp_max_t"].get_fdata() <= alone + 1e-12).all()


def at(image, table):
    """Values of an image at the peaks of a table."""
    xyz = table[["X", "Y", "Z"]].to_numpy(dtype=float)
    i, j, k = np.rint(nib.affines.apply_affine(np.linalg.inv(AFFINE), xyz)).astype(int).T
    return image.get_fdata()[i, j, k]


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("scale", ["z", "stat"])
@pytest.mark.parametrize(("sides", "sign"), [("positive", 1), ("negative", -1), ("both", 1)])
def test_a_table_of_clusters_has_the_p_of_the_images(permute, scale, sides, sign, connectivity):
    """Sizes, peak p and cluster p of a table made with `null` are those of the images."""
    found = permute(summaries=CLUSTERS, sides=sides, scale=scale, connectivity=connectivity)
    table = get_clusters_table(
        found.image("z" if scale == "z" else "t"),
        sign * found.result[0].cluster_threshold,
        two_sided=sides == "both",
        null=found.null(),
        connectivity=connectivity,
    )
    other = 26 if connectivity == 6 else 6
    asked = {"two_sided": sides == "both", "null": found.null(), "connectivity": other}
    with pytest.raises(InputError, match=f"with {connectivity} neighbours, .* with {other}. Pass"):
        get_clusters_table(found.image("t"), sign * 3.0, **asked)
    table = table[[str(name).isdigit() for name in table["Cluster ID"]]]
    assert len(table) > 1
    assert table["Cluster p (FWE)"].min() < 0.05
    sizes = table["Cluster Size (mm3)"].to_numpy(dtype=float) / 10.0  # mm³ a voxel
    # Worst seen: 2e-16.
    np.testing.assert_allclose(sizes, at(found.image("size"), table), rtol=1e-12)
    for column, key in (
        ("Peak p (FWE)", found.result[0].label),
        ("Cluster p (FWE)", "size"),
    ):
        p = 10.0 ** -at(found.image(f"logp_max_{key}"), table)
        # Worst seen: 4e-16.
        np.testing.assert_allclose(table[column].to_numpy(dtype=float), p, rtol=1e-12)


@pytest.mark.parametrize("sides", ["positive", "both"])
def test_a_map_is_cut_where_p_is_alpha(permute, sides):
    """`threshold_stats_img` with `null` keeps what has a p of at most alpha, and nothing else."""
    found = permute(sides=sides)
    kept, height = threshold_stats_img(
        found.image("z"),
        alpha=0.05,
        height_control="rft",
        two_sided=sides == "both",
        random_field=found.null(),
    )
    maxima = np.sort(found.result[0].summaries["max"].maxima.max(axis=1))
    # Ten of 200 are 5 %, and what exceeds the eleventh largest is reached by no more.
    np.testing.assert_allclose(height, maxima[-11], rtol=2e-9)
    z = found.image("z").get_fdata()
    reaching = (np.abs(z) if sides == "both" else z) >= height
    assert reaching.sum() > 10
    np.testing.assert_array_equal(kept.get_fdata() != 0, reaching)
    passed = 10.0 ** -found.image().get_fdata() <= 0.05 * (1 + 1e-12)
    np.testing.assert_array_equal(passed & INSIDE, reaching & INSIDE)


@pytest.mark.parametrize("way", ["pickle", "joblib"])
def test_a_run_can_be_kept(permute, tmp_path, way):
    """What was pickled gives the same images, tables and words."""
    found = permute(summaries=EVERYTHING, uncorrected=True, sides="both")
    if way == "pickle":
        kept = pickle.loads(pickle.dumps(found))
    else:
        joblib.dump(found, tmp_path / "run.joblib")
        kept = joblib.load(tmp_path / "run.joblib")
    assert kept.keys() == found.keys()
    for key, image in found.images().items():
        np.testing.assert_array_equal(kept.image(key).get_fdata(), image.get_fdata())
        assert kept.image(key).header == image.header
    assert kept.describe() == found.describe()
    np.testing.assert_array_equal(kept.null().peaks, found.null().peaks)


def test_images_of_a_surface_lie_on_its_mesh():
    """Parts, their numbers of vertices and their values are those of the maps; p of all is one."""
    n = 6
    i, j = (axis.ravel() for axis in np.mgrid[: n - 1, : n - 1])
    corner = i * n + j
    faces = np.concatenate(
        [
            np.column_stack([corner, corner + 1, corner + n]),
            np.column_stack([corner + 1, corner + n + 1, corner + n]),
        ]
    )
    points = np.column_stack([*(axis.ravel() for axis in np.mgrid[:n, :n]), np.zeros(n * n)])
    mesh = PolyMesh(
        left=InMemoryMesh(points.astype(float), faces),
        right=InMemoryMesh(points + np.array([30.0, 0, 0]), faces),
    )
    rng = np.random.default_rng(71)
    data = {name: rng.normal(0.4, 1, (9, n * n)) for name in ("left", "right")}
    images = [SurfaceImage(mesh, {k: v[m] for k, v in data.items()}) for m in range(9)]
    model = SecondLevelModel().fit(images, design_matrix=pd.DataFrame({"mean": np.ones(9)}))
    found = model.permute(summaries=(ClusterSummary(z=1.0), TFCESummary()), n_perm=512)
    for name, values in data.items():
        t = stats.ttest_1samp(values, 0.0).statistic
        # Worst seen: 4e-15.
        np.testing.assert_allclose(found.image("t").data.parts[name], t, rtol=1e-10)
    for key, image in found.images().items():
        assert image.mesh is mesh or image.mesh.parts.keys() == mesh.parts.keys()
        assert image.shape == (2 * n * n,), key
    assert found.image("size").data.parts["left"].max() > 1
    flips = np.array(np.meshgrid(*[[1.0, -1.0]] * 9)).reshape(9, -1).T
    whole = np.hstack(list(data.values()))
    sums = flips @ whole
    squares = (whole**2).sum(axis=0)
    shuffled = sums / np.sqrt((squares - sums**2 / 9) / 8 * 9)
    maxima = shuffled.max(axis=1)
    t = stats.ttest_1samp(whole, 0.0).statistic
    p = (maxima[:, None] >= t * (1 - 1e-9) - 1e-12).mean(axis=0)
    logp = found.image().data
    # Worst seen: 2e-16.
    np.testing.assert_allclose(
        np.concatenate([logp.parts["left"], logp.parts["right"]]), -np.log10(p), atol=1e-12
    )
