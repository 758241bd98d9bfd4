"""Models of real maps, where the folder of real maps is present."""

import warnings

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from secondlevel import SecondLevelModel
from secondlevel.errors import MapError, MissingDataWarning, ResamplingWarning


@pytest.fixture
def words(real_maps):
    """Paths of the auditory contrasts."""
    return sorted((real_maps / "spm_contrasts" / "auditory").glob("*/Words_*.nii"))


@pytest.fixture
def faces(real_maps):
    """Paths of the visual contrasts."""
    return sorted((real_maps / "spm_contrasts" / "visual").glob("*/con_0006.img"))


def ones(n_maps):
    """Design of a one-sample test."""
    return pd.DataFrame({"intercept": np.ones(n_maps)})


def peak(image):
    """Value and position in mm of the maximum."""
    data = image.get_fdata()
    index = np.unravel_index(np.argmax(data), data.shape)
    return data[index], nib.affines.apply_affine(image.affine, index)


def test_words_activate_auditory_cortex_on_both_sides(words):
    """Hearing words raises both superior temporal gyri, and t is scipy's."""
    model = SecondLevelModel().fit(words, design_matrix=ones(14))
    assert model.n_elements_ == 50256  # nilearn's computed mask: where all maps have values
    t_map = model.compute_contrast(output_type="stat")
    mask = model.mask_img_.get_fdata() > 0
    data = np.stack([nib.load(path).get_fdata()[mask] for path in words])
    # Worst relative difference seen: 4e-15.
    np.testing.assert_allclose(
        t_map.get_fdata()[mask], stats.ttest_1samp(data, 0).statistic, rtol=1e-10
    )
    z = model.compute_contrast().get_fdata()
    assert np.isfinite(z).all()
    where = nib.affines.apply_affine(model.mask_img_.affine, np.argwhere(z > 3.1))
    temporal = (np.abs(where[:, 0]) > 40) & (np.abs(where[:, 1] + 20) < 35) & (where[:, 2] < 20)
    assert (where[temporal, 0] < 0).sum() > 20
    assert (where[temporal, 0] > 0).sum() > 20
    assert temporal.mean() > 0.8


def test_faces_activate_the_back_of_the_brain(faces):
    """Seeing faces has its highest peak behind and below, in the pair format of SPM."""
    model = SecondLevelModel().fit(faces, design_matrix=ones(16))
    assert model.n_elements_ == 55808
    value, where = peak(model.compute_contrast())
    assert value > 5
    assert where[1] < -40
    assert where[2] < 0


def test_two_samples_on_different_grids_are_joined_by_resampling(words, faces):
    """Sets on two grids are refused without a mask, and resampled to one with it."""
    design = pd.DataFrame({"words": [1] * 14 + [0] * 16, "faces": [0] * 14 + [1] * 16})
    with pytest.raises(MapError, match=r"con_0006.img' \(and 15 more\) differs from .*Words_1"):
        SecondLevelModel().fit(words + faces, design_matrix=design)
    mask = SecondLevelModel().fit(words, design_matrix=ones(14)).mask_img_
    with (
        pytest.warns(ResamplingWarning, match="16 of 30 maps are on another grid"),
        pytest.warns(MissingDataWarning, match="1285 of 50256"),
    ):
        model = SecondLevelModel(mask_img=mask).fit(words + faces, design_matrix=design)
    z = model.compute_contrast("words - faces")
    value, where = peak(z)
    assert value > 5.5
    assert abs(where[0]) > 40
    back = nib.affines.apply_affine(z.affine, np.argwhere(z.get_fdata() < -3.1))
    assert (back[:, 1] < -40).mean() > 0.8


def test_pain_studies_with_a_covariate(real_maps):
    """Over 21 studies pain raises the insula; zeros outside a study's field of view are missing."""
    folder = real_maps / "pain21"
    maps = sorted(folder.glob("contrast_pain_*.nii.gz"))
    sizes = pd.read_csv(folder / "samplesize.csv", header=None, names=["study", "n", "spm"])
    assert [path.name for path in maps] == [f"contrast_{study}.nii.gz" for study in sizes["study"]]
    design = pd.DataFrame({"intercept": 1.0, "sample_size": sizes["n"] - sizes["n"].mean()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MissingDataWarning)
        model = SecondLevelModel(
            mask_img=folder / "mask.nii.gz", n_jobs=2, zero_is_missing=True
        ).fit(maps, design_matrix=design)
    assert model.n_elements_ == 192885
    value, where = peak(model.compute_contrast("intercept"))
    assert value > 5.5
    np.testing.assert_array_equal(where, [32, -16, 14])
    t_size = model.compute_contrast("sample_size", output_type="stat")
    mask = model.mask_img_.get_fdata() > 0
    some = np.argwhere(mask)[::20000]
    data = np.stack([nib.load(path).get_fdata()[tuple(some.T)] for path in maps])
    expected = []
    for column in data.T:
        line = stats.linregress(sizes["n"], column)
        expected.append(line.slope / line.stderr)
    # Worst relative difference seen: 2e-13.
    np.testing.assert_allclose(t_size.get_fdata()[tuple(some.T)], expected, rtol=1e-9)
