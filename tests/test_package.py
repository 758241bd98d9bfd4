"""The top of the package: light to import, complete when asked."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import secondlevel

HEAVY = (
    "joblib",
    "matplotlib",
    "nibabel",
    "nilearn",
    "numba",
    "numpy",
    "pandas",
    "scipy",
    "sklearn",
)
PUBLIC = (
    "ClusterSummary",
    "Lattice",
    "Mesh",
    "MaximumNull",
    "RandomField",
    "SecondLevelModel",
    "Smoothness",
    "TFCESummary",
    "cluster_level_inference",
    "conjunction",
    "estimate_smoothness",
    "expression_to_contrast_vector",
    "fdr_threshold",
    "generate_report",
    "get_clusters_table",
    "load_results",
    "make_second_level_design_matrix",
    "non_parametric_inference",
    "permutation_test",
    "plot_contrast_matrix",
    "plot_coverage",
    "plot_design_correlation",
    "plot_design_matrix",
    "plot_effects",
    "plot_influence",
    "plot_leverage",
    "plot_map",
    "plot_null",
    "plot_outliers",
    "plot_residuals",
    "save_glm_to_bids",
    "smoothness_from_fwhm",
    "tfce",
    "threshold_stats_img",
    "true_discoveries",
    "true_discovery_map",
    "true_discovery_regions",
)


def loaded_after(statement: str) -> set[str]:
    """Names of the heavy libraries that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement", ["import secondlevel", "import secondlevel; dir(secondlevel)"]
)
def test_importing_the_package_loads_no_heavy_library(statement):
    """Neither importing nor looking around loads numpy, nilearn or anything else of weight."""
    assert loaded_after(statement) == set()


def test_a_contrast_can_be_written_without_loading_nilearn():
    """A public name brings what it needs itself, and no more."""
    loaded = loaded_after("from secondlevel import expression_to_contrast_vector")
    assert "numpy" in loaded
    assert not loaded & {"matplotlib", "nibabel", "nilearn", "sklearn"}


def test_a_model_is_imported_without_loading_numba():
    """Kernels are paid for by who asks for clusters, and by nobody else."""
    assert "numba" not in loaded_after("from secondlevel import SecondLevelModel")


def test_regions_are_counted_without_loading_numba():
    """A bound for a region has no neighbours to find, be it imported or asked for."""
    statement = (
        "import nibabel as nib, numpy as np; from secondlevel import true_discoveries; "
        "z = nib.Nifti1Image(np.array([[[4.5, 3.9, 0.3, 3.6]]]), np.eye(4)); "
        "assert true_discoveries(z, np.array([1, 1, 0, 0])).at_least == 2"
    )
    assert "numba" not in loaded_after(statement)


def test_the_public_names_are_these():
    """A name is made public on purpose: here as well as in the package."""
    assert set(secondlevel.__all__) == {*PUBLIC, "__version__"}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_loads_what_it_names(name):
    """What a public name gives carries that name and a docstring."""
    thing = getattr(secondlevel, name)
    assert thing.__name__ == name
    assert thing.__doc__
    assert thing is getattr(secondlevel, name)


@pytest.mark.parametrize("name", [*PUBLIC, "__version__"])
def test_dir_lists_a_public_name(name):
    """A name can be completed before it was ever loaded."""
    assert name in dir(secondlevel)


def test_version_is_that_of_the_installed_distribution():
    """The version is written in one place only."""
    assert secondlevel.__version__ == version("secondlevel")


def test_an_unknown_name_is_an_attribute_error():
    """A misspelt name gets the message that any module gives."""
    with pytest.raises(
        AttributeError, match=r"^module 'secondlevel' has no attribute 'SecondLevelModle'$"
    ):
        _ = secondlevel.SecondLevelModle


def test_an_unknown_name_cannot_be_imported():
    """`from secondlevel import misspelt` fails as an import."""
    with pytest.raises(ImportError, match="cannot import name 'SecondLevelModle'"):
        from secondlevel import SecondLevelModle  # noqa: F401
