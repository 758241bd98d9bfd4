"""Label atlases: regions looked up in mm or by vertex, names from every kind of table."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from nilearn.surface import SurfaceImage
from sklearn.utils import Bunch

from secondlevel.claims.atlas import Atlas, read_atlas
from secondlevel.claims.clusters import get_clusters_table
from secondlevel.errors import (
    IgnoredParameterWarning,
    InputError,
    InputTypeError,
    MapError,
    MapNotFoundError,
)
from secondlevel.spaces.surface import whole_mesh
from secondlevel.spaces.volume import whole_grid

NAMES = {1: "front", 2: "back", 7: "far"}


@pytest.fixture
def atlas_img():
    """Labels by y on a grid of 5 mm that covers but a part of the map's."""
    affine = np.array([[5.0, 0, 0, -20], [0, 5, 0, -12], [0, 0, 5, 0], [0, 0, 0, 1]])
    data = np.zeros((7, 7, 9), dtype=np.int16)
    data[:, :3], data[:, 3:5], data[:, 5:] = 1, 2, 7
    data[0] = 0
    return nib.Nifti1Image(data, affine)


@pytest.fixture
def surface_atlas(surface):
    """Labels of the two sheets: rows below 4, the others, and one for all of the right."""
    left = np.where(np.arange(400) < 80, 1, 2)
    return SurfaceImage(surface.mesh, {"left": left, "right": np.full(400, 7)})


def mains(table):
    """The first row of each cluster."""
    return table[[str(name).isdigit() for name in table["Cluster ID"]]]


def test_a_voxel_has_the_label_of_the_atlas_voxel_nearest_in_mm(atlas_img):
    """Whatever the two grids, by a plain search; 0 outside the atlas."""
    affine = np.array([[-2.0, 0.3, 0, 12.07], [0.1, 2, 0, -30.03], [0, 0, 2.4, -9.1], [0, 0, 0, 1]])
    space = whole_grid((14, 25, 16), affine)
    found = Atlas(atlas_img, {}).labels(space)
    centres = nib.affines.apply_affine(atlas_img.affine, np.argwhere(np.ones(atlas_img.shape)))
    labels = atlas_img.get_fdata().ravel()
    some = np.arange(0, space.n_elements, 37)
    for element in some:
        away = np.abs(centres - space.coordinates[element]).max(axis=1)
        nearest = np.argmin(away)
        expected = labels[nearest] if away[nearest] < 2.5 else 0
        assert found[element] == expected
    assert set(found[some].tolist()) == {0, 1, 2, 7}


def test_peaks_and_clusters_of_a_volume_are_named(image, atlas_img):
    """Region at the peak in every row; shares of the cluster in its first."""
    options = {"return_label_maps": True, "atlas": atlas_img, "atlas_labels": NAMES}
    table, (label_map,) = get_clusters_table(image, 2.0, 3, **options)
    assert list(table.columns)[-2:] == ["Region", "Cluster Regions"]
    atlas = atlas_img.get_fdata()

    def region(point):
        voxel = np.round(nib.affines.apply_affine(np.linalg.inv(atlas_img.affine), point))
        voxel = voxel.astype(int)
        if (voxel < 0).any() or (voxel >= atlas.shape).any() or atlas[tuple(voxel)] == 0:
            return "(none)"
        return NAMES[int(atlas[tuple(voxel)])]

    assert table["Region"].tolist() == [
        region(point) for point in table[["X", "Y", "Z"]].to_numpy(dtype=float)
    ]
    assert len(set(table["Region"])) > 1
    labels = label_map.get_fdata()
    several = 0
    for _, row in mains(table).iterrows():
        there = nib.affines.apply_affine(image.affine, np.argwhere(labels == row["Cluster ID"]))
        shares = pd.Series([region(point) for point in there]).value_counts(normalize=True)
        listed = dict(part.rsplit(" ", 1) for part in row["Cluster Regions"].split("; "))
        assert listed == {
            name: f"{100 * share:.0f}%" for name, share in shares.items() if share >= 0.05
        }
        several += len(listed) > 1
    assert several > 1
    assert (table.drop(mains(table).index)["Cluster Regions"] == "").all()


def test_peaks_and_clusters_of_a_surface_are_named(surface, surface_atlas):
    """By vertex, part for part."""
    table = get_clusters_table(surface, 3.9, 6, atlas=surface_atlas, atlas_labels=NAMES)
    assert table["Hemisphere"].tolist() == ["left", "right"]
    assert table["Region"].tolist()[1] == "far"
    # Rows 2 and 3 of the sixteen vertices lie in `front`, rows 4 and 5 in `back`.
    assert table["Cluster Regions"].tolist() == ["front 50%; back 50%", "far 100%"]


def test_regions_are_listed_from_the_largest_share_down_to_a_twentieth():
    """Below 5% they are left out."""
    labels = np.repeat([1, 0, 2, 7], [60, 32, 4, 4])
    assert Atlas(None, NAMES).shares(labels) == "front 60%; (none) 32%"
    assert Atlas(None, {}).shares(np.repeat([7, 1], [1, 19])) == "label 1 95%; label 7 5%"


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_names_come_from_every_kind_of_table(atlas_img, tmp_path, suffix):
    """A frame, its file, a dict, a list, an array of bytes: all name the same regions."""
    frame = pd.DataFrame({"index": list(NAMES), "name": list(NAMES.values()), "color": "red"})
    path = tmp_path / f"names{suffix}"
    frame.to_csv(path, index=False, sep="\t" if suffix == ".tsv" else ",")
    in_order = ["Background", "front", "back", "", "", "", "", "far"]
    as_text = {str(label): name for label, name in NAMES.items()}
    for labels in (frame, path, str(path), NAMES, as_text, in_order, np.array(in_order, "S")):
        atlas = read_atlas(atlas_img, labels)
        assert [atlas.name(label) for label in (0, 1, 2, 7)] == ["(none)", "front", "back", "far"]
    assert read_atlas(atlas_img).name(7) == "label 7"
    assert read_atlas(atlas_img, NAMES).name(3) == "label 3"


def test_what_a_fetcher_returns_has_image_and_names(atlas_img, tmp_path):
    """The lookup table first, then names with their numbers, then names in order."""
    nib.save(atlas_img, tmp_path / "atlas.nii.gz")
    lut = pd.DataFrame({"index": [0, 1, 2, 7], "name": ["Background", "front", "back", "far"]})
    for image in (atlas_img, str(tmp_path / "atlas.nii.gz")):
        with_table = Bunch(maps=image, labels=["wrong"], lut=lut, atlas_type="deterministic")
        with_numbers = {"maps": image, "labels": ["front", "far"], "indices": ["1", "7"]}
        in_order = Bunch(maps=image, labels=["Background", "front", "back", *"abcd", "far"])
        for bunch in (with_table, with_numbers, in_order):
            atlas = read_atlas(bunch)
            assert atlas.image.shape == (7, 7, 9)
            assert (atlas.name(1), atlas.name(7)) == ("front", "far")
    assert read_atlas(with_table, {1: "mine"}).name(1) == "mine"


def test_nilearns_surface_atlas_is_an_array_for_each_hemisphere(surface, surface_atlas):
    """It has no mesh of its own: that of the map is meant, and -1 is no region."""
    parts = surface_atlas.data.parts
    right = np.where(np.arange(400) < 390, parts["right"].ravel(), -1)
    bunch = Bunch(
        map_left=parts["left"].ravel(),
        map_right=right,
        lut=pd.DataFrame({"index": [1, 2, 7], "name": ["front", "back", "far"]}),
    )
    atlas = read_atlas(bunch)
    labels = atlas.labels(whole_mesh(surface))
    np.testing.assert_array_equal(labels, np.concatenate([parts["left"].ravel(), right]))
    assert atlas.name(-1) == "(none)"
    table = get_clusters_table(surface, 3.9, 6, atlas=bunch)
    assert table["Region"].tolist()[1] == "far"
    short = Bunch(map_left=np.ones(10), map_right=np.ones(10), labels=[])
    with pytest.raises(MapError, match="does not fit the mesh of the map"):
        get_clusters_table(surface, 3.9, 6, atlas=short)


def test_atlases_that_do_not_fit_are_refused(image, surface, atlas_img, surface_atlas, mesh):
    """Volume for surface, surface for volume, another mesh."""
    with pytest.raises(MapError, match="The atlas is a volume, the map a surface"):
        get_clusters_table(surface, 3, atlas=atlas_img)
    for atlas in (surface_atlas, Bunch(map_left=np.ones(9), map_right=np.ones(9))):
        with pytest.raises(MapError, match="The atlas is a surface, the map a volume"):
            get_clusters_table(image, 3, atlas=atlas)
    other = SurfaceImage(mesh, {part: np.ones(12) for part in mesh.parts})
    with pytest.raises(MapError, match="atlas and the map lie on different meshes"):
        get_clusters_table(surface, 3, atlas=other)


def test_atlases_that_hold_no_labels_are_refused(image, atlas_img, tmp_path):
    """Probabilities, several volumes, nothing to read."""
    four = nib.Nifti1Image(np.zeros((7, 7, 9, 3)), atlas_img.affine)
    nib.save(four, tmp_path / "maps.nii.gz")
    for several in (four, str(tmp_path / "maps.nii.gz"), Bunch(maps=four, labels=["a"])):
        with pytest.raises(
            MapError, match=r"atlas must hold one map.* use the atlas' map of labels"
        ):
            read_atlas(several)
    bunch = Bunch(maps=atlas_img, labels=["a"], atlas_type="probabilistic")
    with pytest.raises(MapError, match="The atlas is one of probabilities"):
        read_atlas(bunch)
    half = nib.Nifti1Image(atlas_img.get_fdata() / 2 + 0.25, atlas_img.affine)
    with pytest.raises(MapError, match=r"this one holds \d\.\d+\. Where each region"):
        get_clusters_table(image, 2, atlas=half)
    with pytest.raises(MapNotFoundError, match=r"atlas '.*nowhere\.nii'"):
        read_atlas(tmp_path / "nowhere.nii")
    with pytest.raises(InputTypeError, match="got ndarray"):
        read_atlas(np.zeros((3, 3, 3)))
    with pytest.raises(InputTypeError, match="has its image under 'maps'; this one has labels"):
        read_atlas({"labels": ["a"]})


def test_tables_of_names_that_cannot_be_used_are_refused(atlas_img, tmp_path):
    """Missing files and columns, labels that are no numbers, a number for a table."""
    with pytest.raises(InputError, match=r"lookup table '.*none\.csv' cannot be read"):
        read_atlas(atlas_img, tmp_path / "none.csv")
    with pytest.raises(InputError, match="needs the columns 'index' and 'name'; it has label, x"):
        read_atlas(atlas_img, pd.DataFrame({"label": [1], "x": ["a"]}))
    with pytest.raises(InputError, match=r"whole numbers.*'one'"):
        read_atlas(atlas_img, {"one": "a"})
    with pytest.raises(InputTypeError, match="a table, its path, a dict or a list; got int"):
        read_atlas(atlas_img, 5)


def test_names_without_an_atlas_are_ignored_with_a_warning(image):
    """There is nothing to name."""
    with pytest.warns(IgnoredParameterWarning, match="give atlas too"):
        get_clusters_table(image, 3, atlas_labels=NAMES)
