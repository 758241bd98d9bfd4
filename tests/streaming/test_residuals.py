"""The smoothness of a model's residuals: measured in one further pass, whatever the maps are."""

import pickle
import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.surface import SurfaceImage
from scipy.ndimage import gaussian_filter
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from secondlevel import SecondLevelModel, get_clusters_table
from secondlevel.errors import (
    ConstantDataWarning,
    InputError,
    MissingDataWarning,
    NoEffectError,
    RandomFieldWarning,
)
from secondlevel.graph.lattice import Lattice
from secondlevel.graph.mesh import Mesh
from secondlevel.inference.intrinsic_volumes import Triangulation
from secondlevel.inference.lattice_roughness import LatticeRoughness
from secondlevel.inference.mesh_roughness import MeshRoughness
from secondlevel.streaming.reader import VolumeMapReader

SHAPE = (12, 11, 10)
AFFINE = np.diag([2.0, 2, 3, 1])
N_MAPS = 13
DESIGN = pd.DataFrame(
    {
        "age": np.random.default_rng(0).normal(size=N_MAPS),
        "group": np.arange(N_MAPS) % 2.0,
        "intercept": 1.0,
    }
)
INSIDE = np.zeros(SHAPE, dtype=bool)
INSIDE[1:-1, 1:-1, 1:-1] = True
INSIDE[4, 4:6, 5] = False

pytestmark = pytest.mark.filterwarnings("ignore::secondlevel.errors.RandomFieldWarning")


def volumes(seed=1):
    """Smooth maps, in single precision."""
    rng = np.random.default_rng(seed)
    noise = [gaussian_filter(rng.normal(size=SHAPE), 1.2, mode="nearest") for _ in range(N_MAPS)]
    return [(3 + volume).astype(np.float32) for volume in noise]


def image(data):
    """An image on the common grid."""
    return nib.Nifti1Image(data, AFFINE)


def images(seed=1):
    """Maps in memory."""
    return [image(volume) for volume in volumes(seed)]


MASK = image(INSIDE.astype(np.uint8))


def fit(maps, mask=MASK, design=DESIGN, **parameters):
    """A fitted model."""
    return SecondLevelModel(mask, **parameters).fit(maps, design_matrix=design)


def by_hand(data, region, design=DESIGN):
    """Smoothness of the residuals of numpy's least squares."""
    rows = design.to_numpy()
    residuals = data - rows @ np.linalg.lstsq(rows, data, rcond=None)[0]
    unit = residuals / np.linalg.norm(residuals, axis=0)
    return region.smoothness(region.sums(unit), len(rows) - np.linalg.matrix_rank(rows))


def grid(mask):
    """The differences over the voxels of a mask."""
    return LatticeRoughness(Lattice(mask, AFFINE))


def assert_same(found, expected, rtol=1e-9):
    """Compare two records, number by number."""
    np.testing.assert_allclose(found.resels, expected.resels, rtol=rtol, atol=rtol)
    np.testing.assert_allclose(found.fwhm, expected.fwhm, rtol=rtol)
    np.testing.assert_allclose(found.fwhm_mm, expected.fwhm_mm, rtol=rtol)
    np.testing.assert_allclose(found.resels_per_element, expected.resels_per_element, rtol=rtol)
    assert (found.n_elements, found.dof) == (expected.n_elements, expected.dof)


def stacked(mask=INSIDE, seed=1):
    """The maps as an array over a mask."""
    return np.stack([volume[mask] for volume in volumes(seed)]).astype(np.float64)


# ------------------------------------------------------------------ the pass


def test_smoothness_is_that_of_the_residuals():
    """Residuals of numpy's least squares have the same smoothness."""
    # Worst relative difference seen, here and below: 9e-14.
    assert_same(fit(images()).smoothness_, by_hand(stacked(), grid(INSIDE)))


def test_smoothness_does_not_depend_on_threads_nor_on_what_is_kept():
    """Any number of threads, or data kept in memory, give the same numbers to the bit."""
    one = fit(images()).smoothness_
    for model in (fit(images(), n_jobs=2), fit(images(), minimize_memory=False)):
        other = model.smoothness_
        np.testing.assert_array_equal(other.resels, one.resels)
        np.testing.assert_array_equal(other.resels_per_element, one.resels_per_element)


def test_maps_are_read_once_more_and_not_again(tmp_path, monkeypatch):
    """The first access reads each file once; later ones, and contrasts, read nothing."""
    paths = [tmp_path / f"map-{i}.nii.gz" for i in range(N_MAPS)]
    for path, each in zip(paths, images(), strict=True):
        nib.save(each, path)
    model, seen = fit([str(path) for path in paths]), []
    read = VolumeMapReader.read
    monkeypatch.setattr(
        VolumeMapReader,
        "read",
        lambda self, source: (seen.append(source.name), read(self, source))[1],
    )
    first = model.smoothness_
    assert sorted(seen) == sorted(f"'{path}'" for path in paths)
    assert model.smoothness_ is first
    assert model.random_field("age").smoothness is first
    assert len(seen) == N_MAPS
    assert_same(first, by_hand(stacked(), grid(INSIDE)))


def test_data_that_were_kept_are_not_read(monkeypatch):
    """With the masked maps in memory there is no further pass."""
    model = fit(images(), minimize_memory=False)
    monkeypatch.setattr(VolumeMapReader, "read", None)
    assert_same(model.smoothness_, by_hand(stacked(), grid(INSIDE)))


def test_smoothness_of_a_design_with_dependent_columns():
    """The rank decides the degrees of freedom; residuals are those of the columns' span."""
    double = DESIGN.assign(twice=2 * DESIGN["age"])
    found, plain = fit(images(), design=double).smoothness_, fit(images()).smoothness_
    assert_same(found, plain)
    assert found.dof == N_MAPS - 3


def test_progress_is_shown(capsys):
    """At verbose 1 the further pass has a bar of its own."""
    model = fit(images(), verbose=1)
    capsys.readouterr()
    _ = model.smoothness_
    assert f"{N_MAPS}/{N_MAPS}" in capsys.readouterr().err


# ------------------------------------------------------------------ missing and constant values


def test_elements_with_missing_values_are_no_part_of_the_region():
    """What was left out of the analysis is not searched."""
    data = volumes()
    data[3][5, 5, 2] = np.nan
    data[7][9, 9, 8] = np.inf
    with pytest.warns(MissingDataWarning):
        model = fit([image(volume) for volume in data])
    present = INSIDE.copy()
    present[5, 5, 2] = present[9, 9, 8] = False
    assert_same(model.smoothness_, by_hand(stacked(present), grid(present)))


def test_missing_values_taken_for_zero_are_zero_in_the_further_pass_too():
    """The residuals are those of the fit."""
    data = volumes()
    data[3][5, 5, 2] = np.nan
    model = fit([image(volume) for volume in data], missing="zero")
    filled = np.stack([np.nan_to_num(volume[INSIDE]) for volume in data]).astype(np.float64)
    assert_same(model.smoothness_, by_hand(filled, grid(INSIDE)))


def test_elements_without_residual_variance_are_no_part_of_the_region():
    """Nothing can be tested there; the map of resels has NaN at them."""
    data = volumes()
    for volume in data:
        volume[6:8, 6, 6] = 4.0
    with pytest.warns(ConstantDataWarning):
        model = fit([image(volume) for volume in data])
    varying = INSIDE.copy()
    varying[6:8, 6, 6] = False
    expected = by_hand(stacked(varying), grid(varying))
    found = model.smoothness_
    assert found.n_elements == model.n_elements_ - 2 == varying.sum()
    np.testing.assert_allclose(found.resels, expected.resels, rtol=1e-9)
    assert np.isnan(found.resels_per_element[~varying[INSIDE]]).all()
    np.testing.assert_allclose(
        found.resels_per_element[varying[INSIDE]], expected.resels_per_element, rtol=1e-9
    )
    assert len(found.resels_per_element) == model.n_elements_


def test_maps_that_are_constant_throughout_are_refused():
    """There is no noise to measure."""
    with pytest.warns(ConstantDataWarning):
        model = fit([image(np.full(SHAPE, 2.0))] * N_MAPS)
    with pytest.raises(InputError, match="no element has residual variance"):
        _ = model.smoothness_


# ------------------------------------------------------------------ masks, grids, meshes


def test_smoothness_within_an_automatic_mask():
    """The region is the mask computed from the maps."""
    bright = [np.where(INSIDE, volume + 9, 0) for volume in volumes()]
    model = fit([image(volume) for volume in bright], mask=None)
    mask = model.mask_img_.get_fdata() > 0
    data = np.stack([volume[mask] for volume in bright]).astype(np.float64)
    assert_same(model.smoothness_, by_hand(data, grid(mask)))


@pytest.mark.filterwarnings("ignore::secondlevel.errors.ResamplingWarning")
@pytest.mark.parametrize(
    "given", [{"smoothing_fwhm": 5.0}, {"target_affine": np.diag([3.0, 3, 3, 1])}]
)
def test_maps_are_smoothed_and_resampled_as_in_the_fit(given):
    """With a setting of the masking the numbers are those of the data that the fit kept."""
    again = fit(images(), **given)
    kept = fit(images(), minimize_memory=False, **given)
    assert_same(again.smoothness_, kept.smoothness_)


def test_the_cache_is_used(tmp_path):
    """Maps that the fit has put into the cache are taken from there."""
    cached = fit(images(), memory=tmp_path)
    assert_same(cached.smoothness_, fit(images()).smoothness_, rtol=1e-12)


def test_smoothness_on_surfaces(mesh, make_surface):
    """Both hemispheres together: resels of the meshes, one FWHM."""
    maps = [make_surface(seed) for seed in range(N_MAPS)]
    masks = {name: np.ones(part.n_vertices, dtype=bool) for name, part in mesh.parts.items()}
    masks["left"][3] = False
    model = fit(maps, mask=SurfaceImage(mesh, {k: v.astype(np.uint8) for k, v in masks.items()}))
    data = np.stack(
        [np.concatenate([m.data.parts[part][masks[part]] for part in masks]) for m in maps]
    )
    meshes = [
        Mesh(mesh.parts[part].coordinates, mesh.parts[part].faces, mask)
        for part, mask in masks.items()
    ]
    expected = by_hand(data, MeshRoughness(Triangulation(meshes)))
    assert_same(model.smoothness_, expected)
    assert model.smoothness_.dimension == 2
    field = model.random_field("age")
    assert field.cluster_p([3.0], 4.5)[0] < 1


@pytest.mark.parametrize("constant", [[], [2, 7]], ids=["all vary", "two constant"])
@pytest.mark.parametrize("masked", [True, False], ids=["with mask", "without"])
def test_clusters_of_a_surface_are_measured_in_the_resels_of_their_vertices(
    mesh, make_surface, constant, masked
):
    """Also where some vertices are constant, so that the statistic is 0, whatever the mask."""
    maps = [make_surface(seed) for seed in range(N_MAPS)]
    for each in maps:
        each.data.parts["left"][constant] = 1.5
    ones = SurfaceImage(mesh, {k: np.ones(p.n_vertices) for k, p in mesh.parts.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConstantDataWarning)
        model = fit(maps, mask=ones)
        t = model.compute_contrast("intercept", output_type="stat")
    field, measured = model.random_field("intercept"), model.smoothness_
    values = np.concatenate([t.data.parts[part].ravel() for part in mesh.parts])
    table = get_clusters_table(
        t, 1.0, mask_img=model.mask_img_ if masked else None, null=field, return_label_maps=True
    )
    labels = np.concatenate([table[1][0].data.parts[part].ravel() for part in mesh.parts])
    resels = np.nan_to_num(measured.resels_per_element, nan=1 / measured.elements_per_resel)
    sizes = [resels[labels == k + 1].sum() for k in range(len(table[0]))]
    expected = field.cluster_p_uncorrected(np.multiply(sizes, measured.elements_per_resel), 1.0)
    assert (values != 0).sum() == len(values) - len(constant) == measured.n_elements
    found = table[0]["Cluster p (uncorrected)"].to_numpy(float)
    np.testing.assert_allclose(found, expected, rtol=1e-10)  # seen: 1e-15
    assert len(np.unique(found)) > 1


def test_the_width_of_the_noise_is_a_map_in_a_volume():
    """The cube of FWHM must be what the voxel takes, in mm, over its resels; 0 where not known."""
    model = fit(images())
    resels = np.zeros(SHAPE)
    resels[INSIDE] = np.nan_to_num(model.smoothness_.resels_per_element)
    width = model.smoothness_map()
    np.testing.assert_array_equal(width.affine, AFFINE)
    known = resels > 0
    found = width.get_fdata()
    np.testing.assert_allclose(found[known], (12.0 / resels[known]) ** (1 / 3), rtol=1e-12)
    assert not found[~known].any()
    mean = np.prod(model.smoothness_.fwhm_mm) ** (1 / 3)
    assert mean == pytest.approx((12.0 / resels[known].mean()) ** (1 / 3), rel=1e-12)


def test_the_width_of_the_noise_is_a_map_on_a_surface(mesh, make_surface):
    """Its square must be a third of the triangles around a vertex, in mm² over resels."""
    ones = SurfaceImage(mesh, {k: np.ones(p.n_vertices) for k, p in mesh.parts.items()})
    model = fit([make_surface(seed) for seed in range(N_MAPS)], mask=ones)
    areas = [Mesh(p.coordinates, p.faces, np.ones(len(p.coordinates), dtype=bool)).areas
             for p in mesh.parts.values()]  # fmt: skip
    expected = np.sqrt(np.concatenate(areas) / model.smoothness_.resels_per_element)
    found = model.smoothness_map()
    found = np.concatenate([found.data.parts[part].ravel() for part in mesh.parts])
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_width_of_the_noise_is_0_where_nothing_is_known():
    """Constant elements and those that are left out must be neither NaN nor infinite."""
    data = volumes()
    for volume in data:
        volume[6:8, 6, 6] = 4.0
    data[3][5, 5, 2] = np.nan
    with pytest.warns((ConstantDataWarning, MissingDataWarning)):
        model = fit([image(volume) for volume in data])
    found = model.smoothness_map().get_fdata()
    assert np.isfinite(found).all()
    assert not found[6:8, 6, 6].any()
    assert found[5, 5, 2] == 0.0


# ------------------------------------------------------------------ several effects, refits, copies


def table():
    """Maps of two kinds."""
    subjects = [f"s{i:02}" for i in range(N_MAPS)]
    kinds = {"faces": images(1), "houses": images(2)}
    return pd.concat(
        [
            pd.DataFrame({"subject_label": subjects, "map_name": kind, "effects_map_path": maps})
            for kind, maps in kinds.items()
        ]
    )


def test_each_kind_of_map_has_its_smoothness():
    """That of the maps asked for last, or named."""
    model = SecondLevelModel(MASK).fit(table(), confounds=None)
    with pytest.raises(NoEffectError, match="No contrast has been computed yet"):
        _ = model.smoothness_
    ones = DESIGN[["intercept"]]
    for kind, seed in (("faces", 1), ("houses", 2)):
        expected = by_hand(stacked(seed=seed), grid(INSIDE), ones)
        field = model.random_field("intercept", first_level_contrast=kind)
        assert_same(field.smoothness, expected)
        assert model.smoothness_ is field.smoothness
    model.compute_contrast("intercept", first_level_contrast="faces")
    assert_same(model.smoothness_, by_hand(stacked(seed=1), grid(INSIDE), ones))


def test_a_model_fitted_again_forgets_its_smoothness():
    """It is that of the last fit; a clone has none; a pickle keeps it."""
    model = fit(images(1))
    first = model.smoothness_
    assert pickle.loads(pickle.dumps(model)).smoothness_.resels.tolist() == first.resels.tolist()
    model.fit(images(2), design_matrix=DESIGN)
    assert_same(model.smoothness_, by_hand(stacked(seed=2), grid(INSIDE)))
    fresh = clone(model)
    assert "smoothness_" not in vars(fresh)
    for ask in (lambda: fresh.smoothness_, lambda: fresh.random_field("age")):
        with pytest.raises(NotFittedError):
            ask()


# ------------------------------------------------------------------ the field of a contrast


def test_the_field_has_the_statistic_of_the_contrast():
    """Of t with n - r degrees of freedom; of F with the rank of the weights too."""
    model = fit(images())
    t, f = model.random_field("age"), model.random_field(["age", "group"])
    assert (t.statistic, t.dof, t.two_sided) == ("t", 10.0, False)
    assert (f.statistic, f.dof) == ("F", (2, 10.0))
    redundant = model.random_field(np.array([[1.0, 0, 0], [2.0, 0, 0]]))
    assert redundant.dof == (1, 10.0)
    one = model.random_field("age", second_level_stat_type="F")
    both = t.for_sides(two_sided=True)
    assert both.threshold(0.05) ** 2 == pytest.approx(one.threshold(0.05), rel=1e-9)


@pytest.mark.filterwarnings("error")
def test_coarse_maps_are_warned_of():
    """White noise is no smooth field."""
    rng = np.random.default_rng(3)
    model = fit([image(rng.normal(size=SHAPE)) for _ in range(N_MAPS)])
    with pytest.warns(RandomFieldWarning, match="The FWHM is"):
        model.random_field("age")


def test_too_few_maps_are_refused():
    """With three residual degrees of freedom there is no volume to estimate."""
    model = fit(images()[:6], design=DESIGN[:6])
    with pytest.raises(InputError, match="more than 3 residual degrees of freedom; there are 3"):
        _ = model.smoothness_
