"""The command line: what it prints, what it refuses, how it ends."""

import subprocess
import sys
from importlib.metadata import version

import pytest
import typer
from typer.testing import CliRunner

from secondlevel.cli.app import app
from secondlevel.cli.failure import failures_in_one_line
from secondlevel.errors import MapNotFoundError

SMALL = ("--subjects", "5", "--resolution", "8", "--jobs", "2")


def run(*arguments):
    """Run the command as in a terminal of 80 columns."""
    arguments = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "80"}, prog_name="secondlevel")


@pytest.fixture(scope="module")
def small_demo(tmp_path_factory):
    """A small demo and where it was written."""
    out = tmp_path_factory.mktemp("cli") / "new" / "folder"
    return run("demo", "--out", out, *SMALL), out


def test_the_demo_writes_maps_and_pictures(small_demo):
    """It ends well, and leaves the files of each contrast and nothing temporary."""
    result, out = small_demo
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == [
        "maps",
        "mask.nii.gz",
        "participants.tsv",
        "results",
        "truth.tsv",
    ]
    assert len(list((out / "maps").iterdir())) == 5
    kinds = ("effect.nii.gz", "variance.nii.gz", "t.nii.gz", "z.nii.gz", "p.nii.gz", "z.png")
    contrasts = ("activation", "patient-control", "age")
    files = [f"{contrast}_{kind}" for contrast in contrasts for kind in kinds]
    found = [path.name for path in (out / "results").iterdir()]
    assert sorted(found) == sorted([*files, "report.html"])


def test_the_tables_fit_into_80_columns(small_demo):
    """No line but those that hold a path is longer, and no cell is broken."""
    result, out = small_demo
    lines = [line.rstrip() for line in result.stdout.splitlines() if str(out) not in line]
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("patient - control") for line in lines) == 3
    assert any("right parietal cortex    36  -54   46   0.050" in line for line in lines)
    assert any(line.startswith("5 subjects (3 controls, 2 patients)") for line in lines)
    assert any("peak memory" in line or "contrasts in" in line for line in lines)


def test_paths_are_printed_whole(small_demo):
    """Every path can be copied, however long it is."""
    result, out = small_demo
    words = result.stdout.split()
    assert str(out / "participants.tsv") in words
    for contrast in ("activation", "patient-control", "age"):
        assert str(out / "results" / f"{contrast}_z.png") in words
        pattern = f"{contrast}_{{effect,variance,t,z,p}}.nii.gz"
        assert str(out / "results" / pattern) in words


def test_progress_goes_to_standard_error(small_demo):
    """Each long part has its bar, and none of them is in what is piped."""
    result, _ = small_demo
    for phase in ("Simulating maps", "Reading maps", "Writing results"):
        assert f"{phase}: 100%" in result.stderr
        assert phase not in result.stdout
    assert "Computation of second level model" not in result.stdout


def test_quiet_prints_nothing_and_the_folder_can_be_used_again(small_demo):
    """With --quiet there are only files; an earlier demo's are replaced."""
    _, out = small_demo
    table = (out / "participants.tsv").read_text()
    result = run("demo", "--out", out, *SMALL, "--seed", "1", "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    assert (out / "participants.tsv").read_text() != table


@pytest.mark.parametrize("below", ["", "below"])
def test_a_file_in_place_of_the_folder_is_a_usage_error(tmp_path, below):
    """One line on standard error says so; exit code 2; the file stays as it was."""
    file = tmp_path / "file"
    file.write_text("precious")
    result = run("demo", "--out", file / below)
    assert result.exit_code == 2
    assert result.stdout == ""
    what = "lies below a file" if below else "is a file"
    assert result.stderr == (
        f"secondlevel: '{file / below}' {what}; a folder is needed. Choose another path.\n"
    )
    assert file.read_text() == "precious"


def test_a_folder_of_someone_else_is_a_usage_error(tmp_path):
    """A participants.tsv that no demo wrote is not overwritten."""
    (tmp_path / "participants.tsv").write_text("precious")
    result = run("demo", "--out", tmp_path)
    assert result.exit_code == 2
    assert "would be lost. Choose an empty or a new folder." in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_failure_of_the_file_system_is_one_line(tmp_path):
    """What goes wrong on the way names the path and gives exit code 1, without a traceback."""
    (tmp_path / "maps").write_text("in the way")
    result = run("demo", "--out", tmp_path, *SMALL, "--quiet")
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("secondlevel: ")
    assert str(tmp_path / "maps") in result.stderr


def test_an_error_of_the_package_is_one_line(capsys):
    """However many lines its message has."""
    with pytest.raises(typer.Exit) as end, failures_in_one_line():
        raise MapNotFoundError("File not found: 'a.nii'.\nCheck the path.")
    assert end.value.exit_code == 1
    assert capsys.readouterr().err == "secondlevel: File not found: 'a.nii'. Check the path.\n"


def test_a_mistake_in_the_program_keeps_its_traceback():
    """Only what the user can mend is made short."""
    with pytest.raises(ZeroDivisionError), failures_in_one_line():
        _ = 1 / 0


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "--out"),
        (("--out", "x", "--subjects", "3"), "--subjects"),
        (("--out", "x", "--resolution", "0"), "--resolution"),
        (("--out", "x", "--jobs", "0"), "--jobs"),
        (("--out", "x", "--seed", "-1"), "--seed"),
        (("--out", "x", "--sede", "1"), "--sede"),
    ],
)
def test_a_wrong_option_is_named(tmp_path, monkeypatch, arguments, named):
    """Exit code 2, the option's name, and no folder made."""
    monkeypatch.chdir(tmp_path)
    result = run("demo", *arguments)
    assert result.exit_code == 2
    assert named in result.stderr.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_the_version_is_printed():
    """It is the version of the installed distribution."""
    result = run("--version")
    assert (result.exit_code, result.output) == (0, f"secondlevel {version('secondlevel')}\n")


def test_help_lists_the_commands_and_options():
    """Help names every command, and a command's help every option."""
    assert "demo" in run("--help").stdout
    text = run("demo", "--help").stdout
    for option in ("--out", "--subjects", "--seed", "--jobs", "--resolution", "--quiet"):
        assert option in text


@pytest.mark.parametrize("arguments", [["--help"], ["demo", "--help"]])
def test_help_loads_no_heavy_library(arguments):
    """As a module, the package gives help without loading numpy or anything above it."""
    command = [sys.executable, "-X", "importtime", "-m", "secondlevel", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: ")
    loaded = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "typer" in loaded
    heavy = {"joblib", "matplotlib", "nibabel", "nilearn", "numpy", "pandas", "scipy", "sklearn"}
    assert not loaded & heavy
