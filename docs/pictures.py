"""Draw the pictures of the pages in docs from real maps.

`python docs/pictures.py --data DIR` reads first-level contrast images, one folder per subject,
below `DIR/spm_contrasts/auditory` and `…/visual`, and the 21 studies of pain below `DIR/pain21`; it
writes into `docs/pictures` and prints the numbers that the pages quote.
"""

from __future__ import annotations

import argparse
import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from nilearn import plotting
from nilearn.datasets import load_fsaverage, load_fsaverage_data
from nilearn.image import load_img, math_img
from nilearn.surface import SurfaceImage

import secondlevel as sl

PICTURES = Path(__file__).parent / "pictures"
CUTS = (-6, 3, 12, 21)  # mm, of axial slices through the temporal lobes
PAIN_CUTS = (-6, 6, 14, 42)  # mm, through insula, thalamus and cingulate
SHUFFLED_CUTS = (-15, -6, 3, 12)  # mm, through the fusiform gyri and the temporal lobes
SIGNED, ONE_SIGN = "RdBu_r", "inferno"
N_SHUFFLES = 5_000


@dataclass(frozen=True, eq=False)
class Studies:
    """The real maps, fitted."""

    data: Path

    @cached_property
    def words(self) -> sl.SecondLevelModel:
        """14 subjects who heard words."""
        return _one_sample(sl.SecondLevelModel(n_jobs=2), self._word_maps)

    @cached_property
    def words_z(self) -> Any:
        """Its z map."""
        return self.words.compute_contrast("intercept")

    @cached_property
    def words_and_faces(self) -> sl.SecondLevelModel:
        """The 14, and 16 subjects who saw faces."""
        paths = [self._word_maps, sorted(self.data.glob("spm_contrasts/visual/*/con_0006.img"))]
        design = pd.DataFrame({"words": np.repeat([1.0, 0.0], [len(one) for one in paths])})
        design["faces"] = 1.0 - design["words"]
        model = sl.SecondLevelModel(self.words.mask_img_, n_jobs=2, minimize_memory=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of maps on two grids, which is known
            return model.fit([*paths[0], *paths[1]], design_matrix=design)

    def shuffle(self, **options: Any) -> Any:
        """Shuffle these; each direction by itself."""
        return self.words_and_faces.permute(
            "words - faces", sides="each", n_perm=N_SHUFFLES, random_state=0, **options
        )

    @cached_property
    def shuffled(self) -> Any:
        """These, with clusters and TFCE."""
        return self.shuffle(summaries=[sl.ClusterSummary(p=0.001), sl.TFCESummary()])

    @cached_property
    def surface(self) -> sl.SecondLevelModel:
        """The studies of pain, each seen on the surface of the cortex."""
        mesh = load_fsaverage("fsaverage5")["pial"]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of vertices outside the field of view
            images = [SurfaceImage.from_volume(mesh, str(path)) for path in self._pain_maps]
        return _one_sample(sl.SecondLevelModel(zero_is_missing=True), images)

    @cached_property
    def surface_z(self) -> Any:
        """Its z map."""
        return self.surface.compute_contrast("intercept")

    @cached_property
    def pain(self) -> sl.SecondLevelModel:
        """21 studies of pain, a map of each."""
        return self._pain(slice(None))

    @cached_property
    def halves_z(self) -> list[Any]:
        """Maps of z for pain: of the first half of the studies, of the second."""
        halves = (self._pain(slice(0, 10)), self._pain(slice(10, None)))
        return [half.compute_contrast("intercept") for half in halves]

    def _pain(self, chosen: slice) -> sl.SecondLevelModel:
        mask = self.data / "pain21" / "mask.nii.gz"
        model = sl.SecondLevelModel(mask, zero_is_missing=True, n_jobs=2)
        return _one_sample(model, self._pain_maps[chosen])

    @property
    def _word_maps(self) -> list[Path]:
        return sorted(self.data.glob("spm_contrasts/auditory/subject_*/Words_*.nii"))

    @property
    def _pain_maps(self) -> list[Path]:
        return sorted(self.data.glob("pain21/contrast_pain_*.nii.gz"))


def _one_sample(model: sl.SecondLevelModel, maps: Any) -> sl.SecondLevelModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of voxels outside the field of view
        return model.fit(list(maps), design_matrix=pd.DataFrame({"intercept": np.ones(len(maps))}))


def thresholds(studies: Studies) -> Figure:
    """The map of pain, cut by five kinds of error control."""
    z = studies.pain.compute_contrast("intercept")
    t = studies.pain.compute_contrast("intercept", output_type="stat")
    field = studies.pain.random_field("intercept")
    asked: list[tuple[str, str, Any, dict[str, Any]]] = [
        ("p < 0.001, uncorrected", "z", z, {"alpha": 0.001}),
        ("false discovery rate 5 %", "z", z, {"height_control": "fdr"}),
        ("the same under any dependence", "z", z, {"height_control": "fdr_by"}),
        ("family-wise 5 %, Bonferroni", "z", z, {"height_control": "bonferroni"}),
        ("family-wise 5 %, random field", "t", t, {"height_control": "rft", "random_field": field}),
    ]
    figure, axes = _rows(len(asked))
    for axis, (title, unit, image, options) in zip(axes, asked, strict=True):
        asked_for = {"alpha": 0.05, "two_sided": False, **options}
        kept, height = sl.threshold_stats_img(image, **asked_for)
        n_kept = np.count_nonzero(kept.get_fdata())
        words = f"{title}: {unit} ≥ {height:.2f}, {n_kept:,} voxels"
        _slices(kept, axis, words, 7.0, label=unit, cuts=PAIN_CUTS)
        print(words)
    return figure


def clusters(studies: Studies) -> Figure:
    """Its clusters, numbered as in their table."""
    field = studies.words.random_field("intercept")
    t = studies.words.compute_contrast("intercept", output_type="stat")
    height = field.threshold_uncorrected(0.001)
    table, (labels,) = sl.get_clusters_table(
        t, height, cluster_threshold=5, return_label_maps=True, null=field, connectivity=18
    )
    with pd.option_context("display.width", 200, "display.max_columns", 20):
        print(table.to_string(index=False, float_format=lambda x: f"{x:.4g}"))
    figure, (axis,) = _rows(1)
    title = f"clusters of t > {height:.2f}, by number in the table"
    _regions(labels, axis, title, cuts=(-12, -6, 0, 6))
    return figure


def smoothness(studies: Studies) -> Figure:
    """How smooth the residuals are: FWHM at every voxel."""
    measured = studies.words.smoothness_
    print("FWHM", measured.fwhm_mm.round(2), "mm; resels", measured.resels.round(1))
    figure, (axis,) = _rows(1)
    image = studies.words.smoothness_map()
    _slices(
        image, axis, "width of the noise at every voxel", 25.0, label="FWHM, mm", cmap="viridis"
    )
    return figure


def true_discoveries(studies: Studies) -> Figure:
    """How much of each cluster is truly active; and zoomed in until 90 % is."""
    z = studies.pain.compute_contrast("intercept")
    in_clusters = sl.cluster_level_inference(z, threshold=3.7)
    everywhere = sl.true_discovery_map(z)
    labels, table = sl.true_discovery_regions(z, tdp=0.9)
    print(sl.true_discoveries(z))
    print(table.head(8).to_string(index=False))
    figure, axes = _rows(3)
    drawn = [
        (in_clusters, "at least this share of each cluster of z > 3.7 is active"),
        (everywhere, "the largest such share of any region around a voxel"),
    ]
    for axis, (image, title) in zip(axes, drawn, strict=False):
        _slices(image, axis, title, 1.0, label="share", cmap=ONE_SIGN, cuts=PAIN_CUTS)
    largest = type(labels)(np.where(labels.get_fdata() <= 8, labels.get_fdata(), 0), labels.affine)
    _regions(largest, axes[2], "largest regions of which 90 % are active", cuts=PAIN_CUTS)
    return figure


def enhanced(studies: Studies) -> Figure:
    """The map, and what threshold-free cluster enhancement makes of it."""
    scores = sl.tfce(studies.words_z)
    figure, axes = _rows(2)
    _slices(studies.words_z, axes[0], "hearing words", 5.0, label="z")
    largest = float(np.abs(scores.get_fdata()).max())
    _slices(scores, axes[1], "the same, enhanced (TFCE)", largest, label="score")
    return figure


def both(studies: Studies) -> Figure:
    """Pain in two sets of studies, and where it is in both."""
    smallest, _ = sl.conjunction(studies.halves_z)
    figure, axes = _rows(3)
    titles = ("pain, one half of the studies", "the other half", "both: the smaller z")
    for axis, title, image in zip(axes, titles, (*studies.halves_z, smallest), strict=True):
        kept, height = sl.threshold_stats_img(image, alpha=0.01, two_sided=False)
        _slices(kept, axis, f"{title}: z ≥ {height:.2f}", 5.0, label="z", cuts=PAIN_CUTS)
    return figure


def effect_sizes(studies: Studies) -> Figure:
    """Hedges' g, and what it is at least."""
    outputs = ("hedges_g", "hedges_g_lower")
    titles = ("Hedges' g", "its lower bound (95 % interval)")
    figure, axes = _rows(2)
    for axis, output, title in zip(axes, outputs, titles, strict=True):
        image = studies.words.compute_contrast("intercept", output_type=output)
        values = image.get_fdata()
        if output.endswith("lower"):
            image = type(image)(np.maximum(values, 0.0), image.affine)
        _slices(image, axis, title, 2.5, label="g")
        print(title, values.max())
    return figure


def on_the_surface(studies: Studies) -> Figure:
    """The same claims on a mesh."""
    z = studies.surface_z
    print("surface FWHM", studies.surface.smoothness_.fwhm_mm, studies.surface.smoothness_.resels)
    kept, height = sl.threshold_stats_img(z, alpha=0.001, cluster_threshold=20, two_sided=False)
    print(sl.get_clusters_table(z, height, cluster_threshold=20).to_string(index=False))
    print(sl.true_discoveries(z))
    panels = [
        (f"z ≥ {height:.2f}, 20 vertices", kept, 5.0, SIGNED),
        ("largest share active of any region", sl.true_discovery_map(z), 1.0, ONE_SIGN),
        ("enhanced (TFCE)", sl.tfce(z, two_sided=False), None, ONE_SIGN),
    ]
    mesh = load_fsaverage("fsaverage5")["inflated"]
    sulci = load_fsaverage_data("fsaverage5", data_type="sulcal")
    figure, axes = plt.subplots(
        2, len(panels), figsize=(10, 5.6), subplot_kw={"projection": "3d"}, layout="constrained"
    )
    for column, (title, image, largest, colours) in enumerate(panels):
        for row, hemisphere in enumerate(("left", "right")):
            top = largest or max(float(part.max()) for part in image.data.parts.values())
            plotting.plot_surf_stat_map(
                stat_map=image, surf_mesh=mesh, hemi=hemisphere, view="lateral", bg_map=sulci,
                threshold=1e-6, vmax=top, vmin=-top if colours == SIGNED else 0.0, cmap=colours,
                axes=axes[row, column], figure=figure, colorbar=row == 1, bg_on_data=False,
            )  # fmt: skip
        axes[0, column].set_title(title, fontsize=10)
    return figure


def shuffled(studies: Studies) -> Figure:
    """Words against faces: -log10 of the family-wise p of three summaries, in both directions."""
    found = studies.shuffled
    print(found.describe())
    sign = np.sign(found.image("t").get_fdata())
    figure, axes = _rows(3)
    drawn = [
        ("logp_max_t", "largest t"),
        ("logp_max_mass", "mass of clusters of p < 0.001"),
        ("logp_max_tfce", "threshold-free enhancement (TFCE)"),
    ]
    for axis, (key, title) in zip(axes, drawn, strict=True):
        image = found.image(key)
        values = sign * image.get_fdata()
        kept = np.where(np.abs(values) >= -np.log10(0.05), values, 0.0)
        words = f"{title}: {np.sum(kept > 0):,} voxels more by words, {np.sum(kept < 0):,} by faces"
        _slices(
            type(image)(kept, image.affine), axis, words, 4.0,
            label="-log10 p, family-wise, from 1.3 on", cuts=SHUFFLED_CUTS,
        )  # fmt: skip
        print(words, "smallest p", 10 ** -np.abs(values).max())
    _print_unequal_variances(studies)
    return figure


def _print_unequal_variances(studies: Studies) -> None:
    """How much more one group varies, and what is left where it may."""
    model = studies.words_and_faces
    groups = np.repeat([0, 1], [14, 16])
    residuals = np.stack([image.get_fdata() for image in model.residuals()])
    inside = model.mask_img_.get_fdata() > 0
    deviations = [
        np.sqrt(np.sum(residuals[groups == group][:, inside] ** 2, axis=0) / (size - 1))
        for group, size in enumerate(np.bincount(groups))
    ]
    tested = deviations[1] > 0
    ratio = np.median(deviations[0][tested] / deviations[1][tested])
    print(f"standard deviation: {ratio:.2f} times as large for words, in the median of voxels")
    welch = studies.shuffle(variance_groups=groups).result[0]
    kept = welch.statistic[welch.p <= 0.05]
    print(f"largest v: {np.sum(kept > 0)} voxels more by words, {np.sum(kept < 0)} by faces")


def shuffled_null(studies: Studies) -> Figure:
    """What the shuffles left behind, beside what was observed."""
    result = studies.shuffled.result[0]
    figure, axes = plt.subplots(2, 2, figsize=(9.0, 5.2), layout="constrained")
    rows = [("max", "largest z of a shuffle"), ("tfce", "largest TFCE score of a shuffle")]
    for row, (name, label) in zip(axes, rows, strict=True):
        maxima = result.summaries[name].maxima
        for axis, side, direction in zip(row, maxima.T, ("words", "faces"), strict=True):
            height = sl.MaximumNull(side).threshold(0.05)
            p = np.mean(side >= side[0] * (1 - 1e-9))
            axis.hist(side, bins=60, color="0.75")
            axis.set(title=f"more by {direction}: p = {p:.2g}", xlabel=label, ylabel="shuffles")
            axis.set_xlim(right=1.25 * side.max())
            for x, words, colour in (
                (height, "5 %", "0.2"),
                (side[0], "observed", "firebrick"),
            ):
                axis.axvline(x, color=colour)
                axis.text(
                    x, 0.97, f" {words}:\n {x:.3g}", color=colour, va="top",
                    transform=axis.get_xaxis_transform(),
                )  # fmt: skip
            axis.spines[["top", "right"]].set_visible(False)
            print(direction, name, "5 %", height, "observed", side[0], "p", p)
    return figure


def report(studies: Studies) -> Figure:
    """The beginning of the report of words and faces, as Chromium shows it."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - for this picture alone

    run = studies.words_and_faces.permute(
        {"words > faces": "words - faces"}, summaries=[sl.ClusterSummary(p=0.001)], sides="both",
        connectivity=6, n_perm=N_SHUFFLES, random_state=0,
    )  # fmt: skip
    with TemporaryDirectory() as folder, sync_playwright() as browsers:
        path = studies.words_and_faces.generate_report(
            {"words > faces": "words - faces"}, "Words and faces", two_sided=True, permutation=run
        ).save_as_html(Path(folder, "report.html"))
        print("report", path.stat().st_size, "bytes")
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1240, "height": 2050}, color_scheme="light")
        page.goto(path.as_uri())
        page.evaluate("Promise.all(window.secondlevel.viewers.map((one) => one.start()))")
        page.locator("#contrast-0").scroll_into_view_if_needed()
        page.evaluate("document.querySelector('#contrast-0').scrollIntoView()")
        page.screenshot(path=Path(folder, "page.png"))
        browser.close()
        shown = plt.imread(Path(folder, "page.png"))
    figure = plt.figure(figsize=(shown.shape[1] / 100, shown.shape[0] / 100))
    figure.figimage(shown)
    return figure


def effects(studies: Studies) -> Figure:
    """Values of the maps at the peaks of words and faces."""
    found = studies.words_and_faces.results("words - faces", two_sided=True)[0]
    print(found.clusters.head(3).to_string())
    return sl.plot_effects(found.effects, peaks=found.clusters)


def outliers(studies: Studies) -> Figure:
    """The faces, one of them off scale."""
    paths = sorted(studies.data.glob("spm_contrasts/visual/*/con_0006.img"))
    maps = [load_img(str(path)) for path in paths]
    maps[6] = math_img("30 * image", image=maps[6])
    quality = _one_sample(sl.SecondLevelModel(), maps).results("intercept").quality
    print(quality.odd.to_string())
    return sl.plot_outliers(quality).figure


def _rows(n_rows: int) -> tuple[Figure, list[Any]]:
    """A figure of rows of slices, each with room for a line above it."""
    figure = plt.figure(figsize=(9.0, 2.6 * n_rows), facecolor="white")
    height = 1.0 / n_rows
    axes = [
        figure.add_axes((0.0, 1.0 - (i + 1) * height, 0.96, 0.86 * height)) for i in range(n_rows)
    ]
    return figure, axes


def _slices(
    image: Any, axis: Any, title: str, largest: float, *, label: str,
    cmap: str = SIGNED, cuts: tuple[int, ...] = CUTS,
) -> None:  # fmt: skip
    """Axial slices of a map on the template; what is 0 is not drawn."""
    _title(axis, f"{title}   [{label}]")
    plotting.plot_stat_map(
        image, figure=axis.figure, axes=axis, display_mode="z", cut_coords=cuts, cmap=cmap,
        threshold=1e-6, vmax=largest, vmin=-largest if cmap == SIGNED else 0.0, black_bg=False,
        colorbar=True, cbar_tick_format="%.3g",
    )  # fmt: skip


def _regions(labels: Any, axis: Any, title: str, *, cuts: tuple[int, ...]) -> None:
    """Axial slices of numbered regions."""
    _title(axis, title)
    n_regions = max(int(labels.get_fdata().max()), 1)
    colours = mpl.colormaps["tab10"].colors[:n_regions]
    plotting.plot_roi(
        labels, figure=axis.figure, axes=axis, display_mode="z", cut_coords=cuts, black_bg=False,
        cmap=ListedColormap(colours), vmin=0.5, vmax=n_regions + 0.5, colorbar=False, alpha=0.9,
    )  # fmt: skip
    names = [Patch(color=colour, label=str(i + 1)) for i, colour in enumerate(colours)]
    box = axis.get_position()
    axis.figure.legend(
        handles=names, loc="center right", bbox_to_anchor=(1.0, box.y0 + box.height / 2)
    )


def _title(axis: Any, title: str) -> None:
    box = axis.get_position()
    axis.figure.text(0.01, box.y1 + 0.02 * box.height, title, fontsize=11, va="bottom")


DRAWN: dict[str, Callable[[Studies], Figure]] = {
    "thresholds": thresholds,
    "clusters": clusters,
    "smoothness": smoothness,
    "true_discoveries": true_discoveries,
    "tfce": enhanced,
    "conjunction": both,
    "effect_sizes": effect_sizes,
    "surface": on_the_surface,
    "shuffled": shuffled,
    "shuffled_null": shuffled_null,
    "report": report,
    "effects": effects,
    "outliers": outliers,
}


def main() -> None:
    """Draw all pictures, or those that are named."""
    parser = argparse.ArgumentParser(description="Draw the pictures of the pages in docs.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--only", action="append", choices=list(DRAWN), metavar="NAME")
    options = parser.parse_args()
    mpl.use("agg")
    PICTURES.mkdir(exist_ok=True)
    studies = Studies(options.data)
    for name in options.only or DRAWN:
        print(f"== {name}")
        figure = DRAWN[name](studies)
        figure.savefig(PICTURES / f"{name}.png", dpi=100)
        plt.close(figure)


if __name__ == "__main__":
    main()
