"""Results saved and loaded: equal to the bit, whole or not at all, nothing else touched."""

import errno
import json
from dataclasses import fields, is_dataclass, replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from secondlevel import ClusterSummary, generate_report, load_results, save_glm_to_bids
from secondlevel.errors import InputError, InputTypeError, SaveError
from secondlevel.results import saving
from secondlevel.results.saving import save_results


def assert_equal(one, other, at="results"):
    """Compare records to the bit: numbers, text, types, tables, images and their headers."""
    if hasattr(one, "mesh"):
        assert_same_surface(one, other, at)
    elif hasattr(one, "dataobj"):
        assert_same_volume(one, other, at)
    elif isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other, check_exact=True, obj=at)
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, at
        assert np.array_equal(one, other, equal_nan=one.dtype.kind == "f"), at
    else:
        assert type(one) is type(other), (at, one, other)
        inner, theirs = parts_of(one), parts_of(other)
        assert list(inner) == list(theirs), at
        for name, value in inner.items():
            assert_equal(value, theirs[name], f"{at}.{name}")
        assert inner or one == other or np.isnan([one, other]).all(), (at, one, other)


def parts_of(value):
    """What a record, a dict or a sequence holds, by name or number; nothing of a plain value."""
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, (tuple, list)):
        return dict(enumerate(value))
    return value if isinstance(value, dict) else {}


def assert_same_surface(one, other, at):
    """Compare meshes and values."""
    for part, mesh in one.mesh.parts.items():
        assert_equal(mesh.coordinates, other.mesh.parts[part].coordinates, f"{at} mesh")
        assert_equal(mesh.faces, other.mesh.parts[part].faces, f"{at} triangles")
        assert_equal(one.data.parts[part], other.data.parts[part], f"{at} {part}")


def assert_same_volume(one, other, at):
    """Compare values, places and what headers say."""
    assert_equal(np.asanyarray(one.dataobj), np.asanyarray(other.dataobj), at)
    assert np.array_equal(one.affine, other.affine), at
    for name in ("descrip", "intent_code", "intent_p1"):
        assert one.header[name] == other.header[name], (at, name)


@pytest.fixture(scope="module")
def shuffled_results(group_model):
    """Results with a permutation run, nothing found in one contrast, and a name of markup."""
    asked = {"<script>": "patient - control", 'a,\t"b"': "age", "any": ["control", "patient"]}
    run = group_model.permute(
        {"<script>": "patient - control"},
        summaries=[ClusterSummary(p=0.001)],
        sides="both",
        connectivity=6,
        n_perm=60,
        random_state=4,
    )
    return group_model.results(
        asked, two_sided=True, height_control="fdr", alpha=0.001, permutation=run
    )


def test_volumes_come_back_as_they_were(shuffled_results, tmp_path):
    """Every number, word, header and image of results on a grid is what was saved."""
    save_results(shuffled_results, tmp_path)
    assert_equal(shuffled_results, load_results(tmp_path))


def test_surfaces_come_back_as_they_were(surface_results, tmp_path):
    """The same on meshes."""
    save_results(surface_results, tmp_path, prefix="pial")
    assert_equal(surface_results, load_results(tmp_path, "pial"))


def test_numbers_that_text_loses_come_back(group_results, tmp_path):
    """Infinite heights, NaN, the smallest and the longest numbers, an affine beyond float32."""
    affine = group_results.mask_img.affine * (1 + 1e-12)
    odd = group_results["age"].clusters.copy()
    odd.loc[0, "Effect"] = np.nextafter(0.1, 1)
    odd.loc[1, ["Effect", "Hedges g"]] = [5e-324, 1 / 3]
    changed = replace(
        group_results,
        contrasts=(
            replace(group_results["age"], height=np.inf, clusters=odd),
            replace(group_results["any"], clusters=group_results["any"].clusters.iloc[:0]),
        ),
        quality=replace(group_results.quality, not_normal=np.nan),
        mask_img=nib.Nifti1Image(np.asanyarray(group_results.mask_img.dataobj), affine),
    )
    save_results(changed, tmp_path)
    loaded = load_results(tmp_path)
    assert loaded["age"].height == np.inf
    assert np.isnan(loaded.quality.not_normal)
    assert np.array_equal(loaded.mask_img.affine, affine)
    assert_equal(changed["age"].clusters, loaded["age"].clusters)
    assert list(loaded["any"].clusters) == list(changed["any"].clusters)


@pytest.mark.parametrize("kind", ["volume", "surface"])
def test_the_report_of_loaded_results_is_that_of_the_model(
    kind, group_model, surface_model, tmp_path
):
    """Byte for byte: the saved page, and one made of what was loaded."""
    model, asked = (
        (group_model, {"who": "patient - control", "any": ["control", "patient"]})
        if kind == "volume"
        else (surface_model, "mean")
    )
    save_glm_to_bids(model, asked, out_dir=tmp_path, title="Kept", bg_img=None)
    page = generate_report(load_results(tmp_path), title="Kept", bg_img=None).get_standalone()
    assert page == (tmp_path / "group" / "report.html").read_text(encoding="utf-8")


class FullDisk:
    """Writes so many files, and then finds the disk full."""

    def __init__(self, monkeypatch, n_files):
        self.left = n_files
        for name in ("save_json", "save_table", "save_values", "save_mesh"):
            monkeypatch.setattr(saving, name, self.limited(getattr(saving, name)))
        monkeypatch.setattr(saving.nib, "save", self.limited(nib.save))

    def limited(self, write):
        """Return a writer that counts."""

        def wrapped(*given):
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            return write(*given)

        return wrapped


def everything_in(folder):
    """Names and contents of all files of a folder."""
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def one_contrast(results):
    """The results of one contrast alone, to be quick."""
    return replace(results, contrasts=results.contrasts[:1])


@pytest.mark.parametrize("n_files", [0, 1, 3, 7, 12, 16])
def test_a_full_disk_leaves_all_as_it_was(group_results, tmp_path, monkeypatch, n_files):
    """Whichever file does not fit: no temporary files, and the earlier analysis is untouched."""
    results = one_contrast(group_results)
    save_results(results, tmp_path)
    before = everything_in(tmp_path)
    FullDisk(monkeypatch, n_files)
    with pytest.raises(SaveError, match="No space left on device"):
        save_results(results, tmp_path)
    assert everything_in(tmp_path) == before
    with pytest.raises(OSError, match="What was there before is unchanged"):
        save_results(results, tmp_path / "new" / "folder")
    assert not (tmp_path / "new").exists()


def test_another_analysis_is_refused(group_results, tmp_path):
    """Other contrasts, levels, inputs or design: the message says which; overwrite replaces all."""
    save_results(one_contrast(group_results), tmp_path)
    before = everything_in(tmp_path)
    others = {
        "contrasts": replace(group_results, contrasts=group_results.contrasts[1:2]),
        "levels": replace(
            one_contrast(group_results), settings=replace(group_results.settings, alpha=0.01)
        ),
        "design": replace(
            one_contrast(group_results), design_matrix=group_results.design_matrix + 1
        ),
    }
    for name, other in others.items():
        with pytest.raises(InputError, match=f"its {name} are others. Pass overwrite=True"):
            save_results(other, tmp_path)
        assert everything_in(tmp_path) == before
    save_results(others["contrasts"], tmp_path, overwrite=True)
    names = {path.name for path in (tmp_path / "group").iterdir()}
    assert not any("patientsGtControls" in name for name in names)
    assert load_results(tmp_path).contrasts[0].name == "age"


def test_foreign_files_are_left_alone(group_results, tmp_path):
    """A file of such a name that is not ours is refused; any other stays, whatever happens."""
    (tmp_path / "group").mkdir()
    (tmp_path / "group" / "notes.txt").write_text("mine")
    (tmp_path / "group" / "design.tsv").write_text("theirs")
    with pytest.raises(InputError, match=r"design\.tsv' would be replaced"):
        save_results(one_contrast(group_results), tmp_path)
    assert (tmp_path / "group" / "design.tsv").read_text() == "theirs"
    save_results(one_contrast(group_results), tmp_path, overwrite=True)
    save_results(one_contrast(group_results), tmp_path, prefix="second")
    assert (tmp_path / "group" / "notes.txt").read_text() == "mine"
    assert load_results(tmp_path, "second").contrasts[0].name == "patients > controls"


def test_the_dataset_is_described_once(group_results, tmp_path):
    """What others wrote into the description stays; we are named once."""
    theirs = {"BIDSVersion": "1.8.0", "Name": "Study", "GeneratedBy": [{"Name": "fmriprep"}]}
    (tmp_path / "dataset_description.json").write_text(json.dumps(theirs))
    for _ in range(2):
        save_results(one_contrast(group_results), tmp_path)
    described = json.loads((tmp_path / "dataset_description.json").read_text())
    assert described["Name"] == "Study"
    assert [one["Name"] for one in described["GeneratedBy"]] == ["fmriprep", "secondlevel"]


def test_provenance_is_there_to_be_read(shuffled_results, tmp_path):
    """Versions, parameters, seeds, inputs with their SHA-256, in a file of its own."""
    save_results(shuffled_results, tmp_path)
    written = json.loads((tmp_path / "group" / "provenance.json").read_text())
    assert written["seeds"] == {"permutation": 4}
    assert written["versions"]["numpy"] == np.__version__
    assert len(written["inputs"]) == 25
    assert {len(one["SHA-256"]) for one in written["inputs"]} == {64}
    assert written["asked"]["contrasts"]["any"]["test"] == "F"
    levels = json.loads((tmp_path / "group" / "contrast-any_clusters.json").read_text())
    assert levels["Height control"] == "fdr"
    assert levels["Threshold (computed)"] == shuffled_results["any"].height


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda group: (group / "maps.tsv").unlink(), r"maps\.tsv' is missing"),
        (lambda group: (group / "maps.tsv").write_text("a\tb\n"), r"maps\.tsv' is damaged"),
        (lambda group: (group / "mask.nii.gz").write_bytes(b"no"), r"mask\.nii\.gz' is damaged"),
        (lambda group: (group / "results.json").write_text("{"), r"results\.json' is damaged"),
        (lambda group: (group / "results.json").write_text("[]"), r"results\.json' is damaged"),
        (lambda group: (group / "results.json").write_text('{"format": 99}'), "a newer version"),
        (lambda group: (group / "results.json").write_text('{"format": 1}'), "is damaged"),
        (lambda group: (group / "results.json").unlink(), "holds no results of save_glm_to_bids"),
    ],
)
def test_what_is_missing_or_damaged_is_named(group_results, tmp_path, damage, said):
    """Loading says which file cannot be used, and what to do."""
    save_results(one_contrast(group_results), tmp_path)
    damage(tmp_path / "group")
    with pytest.raises(InputError, match=said):
        load_results(tmp_path)


def test_a_name_that_leads_elsewhere_is_refused(group_results, tmp_path):
    """An index cannot make files outside its folder be read or removed."""
    save_results(one_contrast(group_results), tmp_path)
    precious = tmp_path / "precious.txt"
    precious.write_text("keep")
    path = tmp_path / "group" / "results.json"
    index = json.loads(path.read_text())
    index["files"].append("group/../precious.txt")
    path.write_text(json.dumps(index | {"mask": ["../precious.txt"]}))
    with pytest.raises(InputError, match="outside its folder"):
        load_results(tmp_path)
    save_results(one_contrast(group_results), tmp_path, overwrite=True)
    assert precious.read_text() == "keep"


def test_where_nothing_is_saved_is_said(group_results, tmp_path):
    """No folder, no results, another prefix: each in its own words."""
    with pytest.raises(InputError, match="There is no folder"):
        load_results(tmp_path / "absent")
    with pytest.raises(InputError, match="holds no results of save_glm_to_bids"):
        load_results(tmp_path)
    save_results(one_contrast(group_results), tmp_path, prefix="a_")
    with pytest.raises(InputError, match=r"holds no results without a prefix; .* prefix 'a'"):
        load_results(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="is a file, or lies below one"):
        save_results(one_contrast(group_results), tmp_path / "file")


def test_parameters_are_checked_before_anything_is_done(group_model, tmp_path):
    """A misspelt keyword, a prefix that is a path, another model, an unknown picture."""
    with pytest.raises(InputTypeError, match=r"takes no 'treshold'.*threshold"):
        save_glm_to_bids(group_model, "age", out_dir=tmp_path, treshold=3)
    with pytest.raises(InputTypeError, match="prefix must be text that can stand in a file name"):
        save_glm_to_bids(group_model, "age", out_dir=tmp_path, prefix="../x")
    with pytest.raises(InputTypeError, match="model must be a fitted SecondLevelModel"):
        save_glm_to_bids("model", "age", out_dir=tmp_path)
    with pytest.raises(InputError, match="'plot_type' must be one of 'slice', 'glass'"):
        save_glm_to_bids(group_model, "age", out_dir=tmp_path, plot_type="slices")
    assert list(tmp_path.iterdir()) == []
