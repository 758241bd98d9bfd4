"""Into which folders results may be saved, and what stays in them."""

import json
from dataclasses import replace

import numpy as np
import pytest

from secondlevel import load_results, save_glm_to_bids
from secondlevel.errors import InputError, InputTypeError
from secondlevel.results.saving import save_results


@pytest.fixture(scope="module")
def others(one_contrast, shuffled_results):
    """Analyses that differ in one thing each, by what it is."""
    provenance = one_contrast.provenance
    inputs = provenance.inputs.copy()
    inputs.loc[3, "SHA-256"] = "0" * 64
    run = shuffled_results.contrasts[0].shuffled
    contrast = one_contrast.contrasts[0]
    return {
        "contrasts": replace(one_contrast, contrasts=(replace(contrast, name="another"),)),
        "levels": replace(one_contrast, settings=replace(one_contrast.settings, alpha=0.01)),
        "design": replace(one_contrast, design_matrix=one_contrast.design_matrix + 1),
        "inputs": replace(one_contrast, provenance=replace(provenance, inputs=inputs)),
        "parameters": replace(
            one_contrast, provenance=replace(provenance, parameters={"smoothing_fwhm": 4.0})
        ),
        "shuffles": replace(one_contrast, contrasts=(replace(contrast, shuffled=run),)),
    }


@pytest.mark.parametrize(
    "what", ["contrasts", "levels", "design", "inputs", "parameters", "shuffles"]
)
def test_another_analysis_is_refused(one_contrast, others, tmp_path, everything_in, what):
    """The message says what differs, and the ways out; nothing is touched."""
    save_results(one_contrast, tmp_path)
    before = everything_in(tmp_path)
    with pytest.raises(
        InputError, match=rf"what differs: {what}\. Pass overwrite=True .* out_dir or prefix"
    ):
        save_results(others[what], tmp_path)
    assert everything_in(tmp_path) == before
    save_results(others[what], tmp_path, prefix="beside")
    assert (
        everything_in(tmp_path).items()
        >= {
            name: content
            for name, content in before.items()
            if name.name != "dataset_description.json"
        }.items()
    )


def test_where_inputs_lie_does_not_matter(one_contrast, tmp_path):
    """The same files in another folder, more threads, other memory: the same analysis."""
    save_results(one_contrast, tmp_path)
    provenance = one_contrast.provenance
    inputs = provenance.inputs.assign(Source="/elsewhere/" + provenance.inputs["Source"])
    mask = inputs["Source"].iloc[-1]
    parameters = provenance.parameters | {"n_jobs": 7, "memory": "cache", "mask_img": mask}
    moved = replace(provenance, inputs=inputs, parameters=parameters, created="later")
    save_results(replace(one_contrast, provenance=moved), tmp_path)
    assert load_results(tmp_path).provenance.created == "later"


def test_overwriting_leaves_nothing_of_the_earlier_analysis(
    group_results, one_contrast, tmp_path, everything_in
):
    """Files that the new one has not are removed; foreign ones and those of a prefix stay."""
    save_results(one_contrast, tmp_path / "expected")
    folder = tmp_path / "out"
    save_results(group_results, folder, prefix="other")
    save_results(group_results, folder)
    notes = folder / "group" / "notes.txt"
    notes.write_text("mine")
    save_results(one_contrast, folder, overwrite=True)
    kept = {
        name for name in everything_in(folder) if not name.name.startswith(("other_", "notes.txt"))
    }
    assert kept == set(everything_in(tmp_path / "expected"))
    assert notes.read_text() == "mine"
    assert len(load_results(folder, "other").contrasts) == 3


def test_foreign_files_are_left_alone(one_contrast, tmp_path, everything_in):
    """A file of such a name that is not ours is refused, before any map is written."""
    design = tmp_path / "group" / "design.tsv"
    design.parent.mkdir()
    design.write_text("theirs")
    before = everything_in(tmp_path)
    with pytest.raises(InputError, match=r"design\.tsv' would be replaced.*Pass overwrite=True"):
        save_results(one_contrast, tmp_path)
    assert everything_in(tmp_path) == before
    (tmp_path / "group" / "maps.tsv").write_text("theirs")
    with pytest.raises(InputError, match=r"design\.tsv' and 1 more would be replaced"):
        save_results(one_contrast, tmp_path)
    save_results(one_contrast, tmp_path, overwrite=True)
    assert load_results(tmp_path).contrasts[0].name == "patients > controls"


@pytest.mark.parametrize("index", ["{", "[]", "{}", '{"files": 1, "identity": {}}', '{"files": 1}'])
def test_what_a_damaged_index_belongs_to_is_not_known(one_contrast, tmp_path, index):
    """So the folder is refused, unless it may be overwritten."""
    save_results(one_contrast, tmp_path)
    (tmp_path / "group" / "results.json").write_text(index)
    with pytest.raises(InputError, match=r"results\.json' is damaged, so it is not known"):
        save_results(one_contrast, tmp_path)
    save_results(one_contrast, tmp_path, overwrite=True)
    assert load_results(tmp_path).contrasts[0].name == "patients > controls"


def test_an_index_cannot_have_other_files_removed(one_contrast, others, tmp_path):
    """What it names outside its folder is not ours."""
    save_results(one_contrast, tmp_path)
    precious = tmp_path / "precious.txt"
    precious.write_text("keep")
    path = tmp_path / "group" / "results.json"
    index = json.loads(path.read_text())
    index["files"] += ["group/../precious.txt", "precious.txt", "group/..", str(precious), "group/"]
    path.write_text(json.dumps(index))
    save_results(others["levels"], tmp_path, overwrite=True)
    assert precious.read_text() == "keep"


def test_the_dataset_is_described_once(one_contrast, tmp_path):
    """What others wrote into the description stays; we are named once, with our version."""
    path = tmp_path / "dataset_description.json"
    theirs = {"BIDSVersion": "1.8.0", "Name": "Study", "GeneratedBy": [{"Name": "fmriprep"}, "x"]}
    path.write_text(json.dumps(theirs))
    for prefix in ("", "", "other"):
        save_results(one_contrast, tmp_path, prefix=prefix)
    described = json.loads(path.read_text())
    assert described["Name"] == "Study"
    assert described["BIDSVersion"] == "1.8.0"
    *others, ours = described["GeneratedBy"]
    assert others == theirs["GeneratedBy"]
    assert ours["Name"] == "secondlevel"
    path.unlink()
    save_results(one_contrast, tmp_path)
    described = json.loads(path.read_text())
    assert described["DatasetType"] == "derivative"
    assert described["GeneratedBy"] == [ours]


@pytest.mark.parametrize("text", ["{", "[]", '{"GeneratedBy": "me"}'])
def test_a_description_of_something_else_is_named(one_contrast, tmp_path, text):
    """It is not replaced, and nothing else is written."""
    path = tmp_path / "dataset_description.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"dataset_description\.json' is no description"):
        save_results(one_contrast, tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_text() == text


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
