"""Group-level statistics of brain maps: one map per subject in, maps of what holds for all out.

The public names are loaded when they are first used, so that `import secondlevel` costs nothing
(SPEC 1 of Scientific Python: lazy loading).

Examples
--------
>>> import secondlevel
>>> secondlevel.expression_to_contrast_vector("patient - control", ["control", "patient"])
array([-1.,  1.])
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from secondlevel.claims.cluster_level import cluster_level_inference
    from secondlevel.claims.clusters import get_clusters_table
    from secondlevel.claims.conjunction import conjunction
    from secondlevel.claims.discovery_regions import true_discovery_map, true_discovery_regions
    from secondlevel.claims.smoothness import estimate_smoothness, smoothness_from_fwhm
    from secondlevel.claims.tfce import tfce
    from secondlevel.claims.threshold import threshold_stats_img
    from secondlevel.claims.true_discovery import true_discoveries
    from secondlevel.derivatives import save_glm_to_bids
    from secondlevel.design.build import make_second_level_design_matrix
    from secondlevel.design.expression import expression_to_contrast_vector
    from secondlevel.graph.lattice import Lattice
    from secondlevel.graph.mesh import Mesh
    from secondlevel.inference.correction import fdr_threshold
    from secondlevel.inference.null import MaximumNull
    from secondlevel.inference.random_field import RandomField
    from secondlevel.inference.smoothness import Smoothness
    from secondlevel.nonparametric import non_parametric_inference
    from secondlevel.permutation.arrays import permutation_test
    from secondlevel.permutation.summaries.clusters import ClusterSummary
    from secondlevel.permutation.summaries.enhancement import TFCESummary
    from secondlevel.plotting.contrast import plot_contrast_matrix
    from secondlevel.plotting.correlation import plot_design_correlation
    from secondlevel.plotting.coverage import plot_coverage
    from secondlevel.plotting.design import plot_design_matrix
    from secondlevel.plotting.effects import plot_effects
    from secondlevel.plotting.influence import plot_influence
    from secondlevel.plotting.leverage import plot_leverage
    from secondlevel.plotting.maps import plot_map
    from secondlevel.plotting.null import plot_null
    from secondlevel.plotting.outliers import plot_outliers
    from secondlevel.plotting.residuals import plot_residuals
    from secondlevel.report.generate import generate_report
    from secondlevel.results.loading import load_results
    from secondlevel.second_level.model import SecondLevelModel

    __version__: str

__all__ = [
    "ClusterSummary",
    "Lattice",
    "MaximumNull",
    "Mesh",
    "RandomField",
    "SecondLevelModel",
    "Smoothness",
    "TFCESummary",
    "__version__",
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
]

_ROOM_OF = {
    "ClusterSummary": "secondlevel.permutation.summaries.clusters",
    "Lattice": "secondlevel.graph.lattice",
    "Mesh": "secondlevel.graph.mesh",
    "MaximumNull": "secondlevel.inference.null",
    "RandomField": "secondlevel.inference.random_field",
    "SecondLevelModel": "secondlevel.second_level.model",
    "Smoothness": "secondlevel.inference.smoothness",
    "TFCESummary": "secondlevel.permutation.summaries.enhancement",
    "cluster_level_inference": "secondlevel.claims.cluster_level",
    "conjunction": "secondlevel.claims.conjunction",
    "estimate_smoothness": "secondlevel.claims.smoothness",
    "expression_to_contrast_vector": "secondlevel.design.expression",
    "fdr_threshold": "secondlevel.inference.correction",
    "get_clusters_table": "secondlevel.claims.clusters",
    "make_second_level_design_matrix": "secondlevel.design.build",
    "non_parametric_inference": "secondlevel.nonparametric",
    "permutation_test": "secondlevel.permutation.arrays",
    "smoothness_from_fwhm": "secondlevel.claims.smoothness",
    "tfce": "secondlevel.claims.tfce",
    "threshold_stats_img": "secondlevel.claims.threshold",
    "load_results": "secondlevel.results.loading",
    "generate_report": "secondlevel.report.generate",
    "save_glm_to_bids": "secondlevel.derivatives",
    "plot_contrast_matrix": "secondlevel.plotting.contrast",
    "plot_coverage": "secondlevel.plotting.coverage",
    "plot_design_correlation": "secondlevel.plotting.correlation",
    "plot_design_matrix": "secondlevel.plotting.design",
    "plot_effects": "secondlevel.plotting.effects",
    "plot_influence": "secondlevel.plotting.influence",
    "plot_leverage": "secondlevel.plotting.leverage",
    "plot_map": "secondlevel.plotting.maps",
    "plot_null": "secondlevel.plotting.null",
    "plot_outliers": "secondlevel.plotting.outliers",
    "plot_residuals": "secondlevel.plotting.residuals",
    "true_discoveries": "secondlevel.claims.true_discovery",
    "true_discovery_map": "secondlevel.claims.discovery_regions",
    "true_discovery_regions": "secondlevel.claims.discovery_regions",
}

# Hidden from type checkers, for which it would give every misspelt name a type.
if not TYPE_CHECKING:

    def __getattr__(name):
        """Load a public name when it is first asked for, and keep it."""
        if name == "__version__":
            from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked for

            value = version(__name__)
        elif name in _ROOM_OF:
            value = getattr(import_module(_ROOM_OF[name]), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    """List the public names, loaded or not."""
    return list(__all__)
