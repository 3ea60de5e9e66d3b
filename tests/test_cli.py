"""The command line as a person uses it: another process, its output and its exit status."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ssl_core import checkpoint, zoo
from ssl_core.__main__ import main, parser
from ssl_core.teachers import cost

ROOT = Path(__file__).parent.parent


def _call(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "ssl_core", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A folder with eight train and four val pictures."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for split, count in (("train", 8), ("val", 4)):
        (folder / split).mkdir()
        for number in range(count):
            corners = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
            Image.fromarray(corners).resize((140, 130), Image.Resampling.BICUBIC).save(folder / split / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory, source) -> Path:
    """Checkpoints of two networks after two steps, trained by the command line."""
    folder = tmp_path_factory.mktemp("trained") / "checkpoints"
    for name in ("context-encoder-l2", "colorization-classification"):
        assert _train(name, source, folder, 2) == 0
    return folder


def _train(name: str, source: Path, folder: Path, steps: int) -> int:
    arguments = ("--source", str(source), "--steps", str(steps), "--size", "tiny", "--folder", str(folder))
    return main(["train", name, *arguments])


@pytest.mark.parametrize(
    "arguments", [["--help"], ["train", "--help"], ["bench", "inpaint", "--help"], ["bench", "--help"]]
)
def test_help_answers_at_once(arguments):
    started = time.monotonic()
    done = _call(*arguments)
    assert done.returncode == 0 and "usage: pretext-lab" in done.stdout
    assert time.monotonic() - started < 3


def test_parsing_loads_nothing_heavy():
    heavy = "{'torch', 'gradio', 'cv2', 'skimage', 'numpy'}"
    code = f"import sys; from ssl_core.__main__ import parser; parser(); sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_train_writes_a_whole_checkpoint_and_goes_on(trained, source, capsys):
    for file in ("model.safetensors", "config.json", "README.md"):
        assert (trained / "context-encoder-l2" / file).stat().st_size > 100
    assert _train("context-encoder-l2", source, trained, 3) == 0
    assert json.loads((trained / "context-encoder-l2" / "config.json").read_text())["training"]["steps"] == 3
    told = capsys.readouterr()
    assert "is written" in told.out and "step 3," in told.err
    measure = parser().parse_args(told.out.split("`")[1].split()[1:])
    assert (measure.bench, measure.models, measure.checkpoints) == ("transfer", ["context-encoder-l2"], trained)
    assert "step 1," not in told.err, "it must go on with the third step"


def test_the_joint_network_is_shipped_part_of_the_way_back_to_its_trunk(trained, source, tmp_path, capsys):
    l2, joint = tmp_path / "context-encoder-l2", tmp_path / "context-encoder-joint"
    shutil.copytree(trained / "context-encoder-l2", l2)
    assert _train("context-encoder-joint", source, tmp_path, 2) == 0
    name = "encoder.stages.conv1.0.0.weight"
    start, shipped = (checkpoint.read_tensors(folder / checkpoint.WEIGHTS)[0][name].float() for folder in (l2, joint))
    reached = checkpoint.read_tensors(joint / "resume.safetensors")[0][f"average/{name}"]
    training = checkpoint.read_config(joint)["training"]
    assert training["trunk_run"] == cost(l2) and training["trunk_run"]["images"] > 0
    share = training["blend"]
    assert 0 < share < 1 and not torch.equal(shipped, start)
    torch.testing.assert_close(shipped, start.lerp(reached, share), atol=1e-3, rtol=1e-2)
    (l2 / "config.json").write_text((l2 / "config.json").read_text().replace('"overlap": 2', '"overlap": 1'))
    assert _train("context-encoder-joint", source, tmp_path, 3) == 1
    assert "built otherwise than context-encoder-l2 is today" in capsys.readouterr().err


def test_the_seed_decides_the_weights(source, tmp_path):
    for folder, seed in (("a", 1), ("b", 1), ("c", 2)):
        arguments = ["--source", str(source), "--steps", "2", "--size", "tiny", "--seed", str(seed)]
        assert main(["train", "context-encoder-l2", *arguments, "--folder", str(tmp_path / folder)]) == 0
    weights = {
        folder: (tmp_path / folder / "context-encoder-l2" / "model.safetensors").read_bytes() for folder in "abc"
    }
    assert weights["a"] == weights["b"] != weights["c"]


@pytest.mark.parametrize("kind", ["inpaint", "colorize"])
def test_bench_measures_the_val_split_and_writes(trained, source, kind, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(trained))
    readme = trained.parent / "README.md"
    readme.write_text(f"# A\n<!-- bench:{kind} -->\n<!-- /bench:{kind} -->\n")
    sheet = tmp_path / "sheet.png"
    assert main(["bench", kind, "--photos", str(source), "--json", "--write", "--sheet", str(sheet)]) == 0
    told = json.loads(capsys.readouterr().out)
    name = {"inpaint": "context-encoder-l2", "colorize": "colorization-classification"}[kind]
    (row,) = [row for row in told["rows"] if row.get("model")]
    assert row["model"] == name and "4 photographs" in told["measured_on"]
    scores = json.loads((trained / name / "config.json").read_text())["scores"][kind]
    assert scores.items() >= {key: row[key] for key in row if key not in ("model", "answer")}.items()
    assert name in readme.read_text() and told["measured_on"] in (trained / name / "README.md").read_text()
    assert Image.open(sheet).width > 500


def test_cards_and_data_print_what_they_found(trained, source, monkeypatch, capsys):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(trained))
    card = trained / "context-encoder-l2" / "README.md"
    card.write_text("damaged")
    assert main(["cards"]) == 0 and "Pathak" in card.read_text()
    assert main(["data", str(source)]) == 0
    listed = capsys.readouterr().out
    assert "12 photographs" in listed and "4 photographs" in listed
    assert main(["data"]) == 0 and len(capsys.readouterr().out.splitlines()) >= 14


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["train", "context-encoder-l3", "--source", "starter"], "context-encoder-joint"),
        (["train", "patch-context-hog", "--source", "starter"], "nothing to train"),
        (["train", "context-encoder-l2", "--source", "nowhere.zip"], "nowhere.zip"),
        (
            ["train", "context-encoder-joint", "--source", "starter", "--folder", "nowhere"],
            "Train context-encoder-l2 first",
        ),
        (["bench", "inpaint", "--photos", "nowhere"], "nowhere"),
        (["bench", "inpaint", "--split", "val"], "val"),
        (["bench", "inpaint", "--models", "alexnet"], "alexnet"),
        (["bench", "inpaint", "--limit", "4", "--write"], "--limit"),
        (["bench", "colorize", "--sheet", "sheet.jpg"], ".png"),
        (["cards", "--checkpoints", "nowhere"], "nowhere"),
        (["bench", "inpaint", "--checkpoints", "nowhere"], "no model of context-encoder in nowhere"),
        (["bench", "inpaint", "--models", "relative-position-plain"], "These can: context-encoder-l2."),
        (["bench", "failures", "--models", "relative-position-plain"], "These can: context-encoder-l2, colorization-"),
        (["bench", "training", "--models", "noisy-words-1k"], "These can: context-encoder-l2, "),
        (["words", "--source", "starter", "--model", "context-encoder-l2"], "no model of noisy-words"),
        (["layouts", "--models", "alexnet"], "There are: context-encoder-l2, relative-position-plain, "),
        (["data", ""], "check the path"),
    ],
)
def test_mistakes_get_one_sentence(arguments, told, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for name in ("context-encoder-l2", "colorization-classification", "relative-position-plain"):
        (tmp_path / name).mkdir()
    assert main(arguments) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert last.startswith("pretext-lab: ") and told in last and last.endswith(".")


@pytest.mark.parametrize("wrong", [["--minutes", "-1"], ["--size", "huge"], ["--colour"]])
def test_wrong_options_are_refused_by_the_parser(wrong, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["train", "context-encoder-l2", "--source", "starter", *wrong])
    assert wrong[-1] in capsys.readouterr().err


def test_a_sheet_that_cannot_be_written_is_told_before_anything_is_measured(trained, monkeypatch, capsys):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("ssl_core.command_settings.TemporaryFile", refuse)
    monkeypatch.setattr("ssl_core.bench.photographs", None)
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(trained))
    assert main(["bench", "inpaint", "--sheet", str(trained / "sheet.png")]) == 1
    assert "Permission denied. Put the sheet elsewhere." in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_gets_no_stack_trace():
    command = [sys.executable, "-m", "ssl_core", "data"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait(60) == 141


def test_an_odd_rank_hides_no_model(trained, tmp_path, monkeypatch):
    for name in ("context-encoder-l2", "colorization-classification"):
        shutil.copytree(trained / name, tmp_path / name)
    config = tmp_path / "context-encoder-l2" / "config.json"
    about = json.loads(config.read_text())
    config.write_text(json.dumps(about | {"training": about["training"] | {"rank": "first"}}))
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path))
    assert set(zoo.names()) == {"context-encoder-l2", "colorization-classification"}


def test_a_run_on_another_source_is_refused_and_a_finished_one_left_alone(source, tmp_path, capsys):
    files, other = tmp_path / "context-encoder-l2", tmp_path / "other"
    assert _train("context-encoder-l2", source, tmp_path, 2) == 0
    checkpoint.write_scores(files, {"inpaint": {"psnr": 20.0}})
    before = {file.name: file.read_bytes() for file in files.iterdir() if file.name != "README.md"}
    capsys.readouterr()
    assert _train("context-encoder-l2", source, tmp_path, 2) == 0
    assert "is already finished; --fresh starts anew." in capsys.readouterr().out
    shutil.copytree(source, other)
    for steps in (2, 3):
        assert _train("context-encoder-l2", other, tmp_path, steps) == 1
        assert "was trained on" in (told := capsys.readouterr()).err and "--fresh" in told.err
    assert before.items() <= {file.name: file.read_bytes() for file in files.iterdir()}.items()
    fresh = ["--steps", "1", "--size", "tiny", "--folder", str(tmp_path), "--fresh"]
    assert main(["train", "context-encoder-l2", "--source", str(other), *fresh]) == 0
    assert "other" in checkpoint.read_config(files)["training"]["sources"][0]


@pytest.mark.parametrize("more", [[], ["--fresh"]])
def test_a_folder_that_cannot_be_written_is_told_before_decoding(source, more, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PRETEXT_LAB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "photo.jpg").write_text("a picture")
    arguments = ["--source", str(source), "--size", "tiny", "--folder", str(tmp_path / "photo.jpg"), *more]
    assert main(["train", "context-encoder-l2", *arguments]) == 1
    told = capsys.readouterr().err
    assert "Nothing can be written to" in told and "Use another --folder." in told
    assert not (tmp_path / "cache").exists()


def test_a_model_that_was_never_trained_leaves_no_folder(tmp_path):
    assert main(["train", "context-encoder-l2", "--source", "nowhere.zip", "--folder", str(tmp_path)]) == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", ["-1", str(2**64)])
def test_a_seed_that_cannot_be_used_is_told(seed, tmp_path, capsys):
    asked = ["train", "context-encoder-l2", "--source", "starter", "--folder", str(tmp_path), "--seed", seed]
    assert main(asked) == 1 and "Give --seed a whole number of 0 or more" in capsys.readouterr().err
