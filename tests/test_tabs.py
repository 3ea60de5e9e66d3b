"""One contract for all tabs: the page builds with them, and every handler runs on the values that its controls start with."""

import inspect
import shutil
from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from ssl_core import checkpoint
from ssl_core.pretext import Pretext, Variant, recipes
from ssl_core.pretexts import PRETEXTS, model_names
from tests.tiny_models import save_tiny
from visualize.lab import Lab
from visualize.model_titles import title_of
from visualize.page import build_page
from visualize.tabs import TABS, teachers


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """A folder with every model that the project ships, untrained and tiny."""
    return save_tiny(tmp_path_factory.mktemp("checkpoints"), model_names())


@pytest.fixture
def lab(models, monkeypatch) -> Lab:
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(models))
    return Lab()


@pytest.mark.parametrize("tab", TABS, ids=lambda tab: tab.ID)
def test_a_tab_says_what_it_is(tab):
    assert tab.__name__.rpartition(".")[2] == tab.ID
    assert tab.TITLE and tab.QUESTION.endswith("?")
    assert set(tab.METHODS) <= set(PRETEXTS)
    assert list(inspect.signature(tab.build).parameters) == ["lab", "page"]


def test_ids_are_unique():
    ids = [tab.ID for tab in TABS]
    assert len(set(ids)) == len(ids)


def test_every_method_with_a_tab_of_its_own_keeps_it():
    """A new one needs none: the tabs that are nobody's home show it."""
    assert {method for tab in TABS for method in tab.METHODS} >= {
        "context-encoder",
        "colorization",
        "hypercolumn-colorization",
        "split-brain",
        "relative-position",
        "patch-context",
        "denoising-autoencoder",
        "noisy-words",
        "supervised",
    }


def start_value(component):
    """What a handler gets from a control that nobody has touched."""
    return component.preprocess(component.value) if isinstance(component, gr.State | gr.Slider) else component.value


def run(function, arguments: list) -> list:
    """All answers of a handler, of which a generator gives several."""
    answer = function(*arguments)
    return list(answer) if isinstance(answer, Iterator) else [answer]


def test_every_handler_runs_on_the_start_values_of_its_controls(lab, subtests):
    page = build_page(lab)
    handlers = [handler for handler in page.fns.values() if handler.fn is not None]
    assert len(handlers) > len(TABS)
    for handler in handlers:
        with subtests.test(handler.api_name or handler.name):
            try:
                answers = run(handler.fn, [start_value(component) for component in handler.inputs])
            except gr.Error as error:  # an endpoint for programs that was sent nothing says so in a sentence
                assert str(error).strip("'\"").endswith(".")
                continue
            assert answers
            for answer in answers:
                values = answer if len(handler.outputs) > 1 else [answer]
                assert len(handler.outputs) == 0 or len(values) == len(handler.outputs)


def test_each_card_shows_the_panels_of_its_model(lab):
    for name in lab.model_names():
        lesson = teachers.lesson(lab, name, lab.keys[0])
        assert "error" not in lesson and lesson["asked"]
        assert [figure["caption"] for figure in lesson["figures"]][-1] == "the truth"
        assert all(figure["src"].startswith("data:image/jpeg;base64,") for figure in lesson["figures"])
    assert teachers.missing_models(lab) == ""


def test_a_card_tells_the_measured_figure_and_the_training():
    about = {"training": {"minutes": 38.2, "images": 120000}, "scores": {"inpaint": {"psnr_db": 16.04}}}
    lines = teachers.measured(about)
    assert "16.0 dB" in lines["figure"] and "38 min" in lines["trained"]
    assert teachers.measured({"training": {}}) == {}


def test_a_damaged_a_foreign_and_a_missing_model_are_named_and_the_others_work(models, tmp_path, monkeypatch):
    folder = tmp_path / "checkpoints"
    shutil.copytree(models, folder)
    damaged, foreign, missing, *good = model_names()
    weights = folder / damaged / checkpoint.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:1000])
    (folder / foreign / checkpoint.CONFIG).write_text('{"architectures": ["BertModel"]}')
    shutil.rmtree(folder / missing)
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(folder))
    lab = Lab()
    build_page(lab)
    for name in (damaged, foreign):
        lesson = teachers.lesson(lab, name, lab.keys[0])
        assert name in lesson["error"] and "train" in lesson["error"] and "figures" not in lesson
    assert missing in teachers.missing_models(lab) and "train" in teachers.missing_models(lab)
    for name in good:
        assert "figures" in teachers.lesson(lab, name, lab.keys[0])


def test_the_page_opens_without_any_model(tmp_path, monkeypatch):
    monkeypatch.setenv("PRETEXT_LAB_CHECKPOINTS", str(tmp_path / "nothing"))
    lab = Lab()
    build_page(lab)
    assert all(name in teachers.missing_models(lab) for name in model_names())


def test_a_photo_that_is_gone_gets_a_sentence_on_the_card(lab):
    lesson = teachers.lesson(lab, lab.model_names()[0], "upload-" + "0" * 24)
    assert "upload it again" in lesson["error"]


def test_a_model_is_called_what_it_was():
    titles = {
        "untrained": "Untrained",
        "context-encoder-l2": "Context encoder, L2",
        "context-encoder-joint": "Context encoder, joint",
        "colorization-classification": "Colorization, classification",
        "colorization-rebalanced": "Colorization, rebalanced",
        "colorization-regression": "Colorization, regression",
        "hypercolumn-colorization-histograms": "Hypercolumn colorization",
        "split-brain-lab": "Split brain",
        "relative-position-dropping": "Relative position, dropping",
        "relative-position-plain": "Relative position, plain",
        "denoising-autoencoder-mixed": "Denoising autoencoder",
        "noisy-words-1k": "Noisy words",
        "supervised-labels": "Supervised by labels",
    }
    assert {name: title_of(name) for name in titles} == titles


def test_a_new_task_needs_no_tab_and_no_title(monkeypatch):
    """What CONTRIBUTING promises: two files, its own and the line in PRETEXTS."""

    class Rotation(Pretext):
        method = "rotation"
        variants = {"four": Variant("Say by which quarter turn it was turned.", {}, recipes(1, 1, 1e-3))}

    monkeypatch.setitem(PRETEXTS, Rotation.method, Rotation)
    assert "rotation-four" in model_names() and title_of("rotation-four") == "Rotation"
    test_every_method_with_a_tab_of_its_own_keeps_it()
    test_a_variant_is_named_where_its_method_has_several()
    for tab in TABS:
        test_a_tab_says_what_it_is(tab)
    Rotation.variants |= {"two": Rotation.variants["four"]}
    assert (title_of("rotation-two"), title_of("rotation-four")) == ("Rotation, two", "Rotation, four")


def test_a_variant_is_named_where_its_method_has_several():
    methods = [name.rpartition("-")[0] for name in model_names()]
    for name, method in zip(model_names(), methods, strict=True):
        assert (", " in title_of(name)) == (methods.count(method) > 1), name
