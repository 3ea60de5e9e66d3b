"""The endpoints for programs: `/words_sum` adds and subtracts word vectors, `/words_photo` names the words of a photo file."""

from functools import partial

import gradio as gr

from visualize.lab import Lab
from visualize.tabs import words_pictures, words_vectors
from visualize.tabs.asked import AskedError
from visualize.tabs.endpoints import LONGEST_SIDE, refusal
from visualize.tabs.words_asked import network


def build(lab: Lab) -> None:
    """Register the endpoints. They have no place on the page, so their components are not shown."""
    with gr.Group(visible=False):
        a, b, c = gr.Textbox(label="a"), gr.Textbox(label="b"), gr.Textbox(label="c")
        show, found, add = gr.Checkbox(label="Query words may be answers"), gr.JSON(label="Answers"), gr.Button("Add")
        photo, words, ask = gr.File(label="Photo"), gr.JSON(label="Words"), gr.Button("Name its words")
    add.click(partial(words_sum, lab), [a, b, c, show], found, api_name="words_sum", concurrency_limit=2)
    ask.click(partial(words_of_file, lab), photo, words, api_name="words_photo", concurrency_limit=2)


def words_sum(lab: Lab, a: str, b: str, c: str, show: bool = False) -> dict:
    """The words nearest to b - a + c by visual vectors, by word2vec and by both. Errors: gr.Error whose text is a sentence."""
    from ssl_core.checkpoint import CheckpointError

    try:
        told = words_vectors.analogy(lab, {"a": a, "b": b, "c": c, "show": show})
    except (AskedError, CheckpointError) as error:
        raise refusal(str(error)) from error
    if "problems" in told:
        raise refusal(" ".join(problem["message"] for problem in told["problems"]))
    return told


def words_of_file(lab: Lab, photo: str | None) -> list[dict]:
    """The likeliest words of a photo, each with its share in per cent. Errors: gr.Error whose text is a sentence."""
    import numpy as np

    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError, read_photo

    if not photo:
        raise refusal("The photo is missing. Send a picture file, for example a JPEG or a PNG.")
    try:
        model = network(lab)
        scores = model.word_scores(read_photo(photo, LONGEST_SIDE))
    except (PhotoError, CheckpointError, AskedError) as error:
        raise refusal(str(error)) from error
    rows, vocabulary = np.argsort(-scores, kind="stable")[: words_pictures.WORDS], model.vocabulary
    return [{"word": vocabulary[row], "percent": round(100 * float(np.exp(scores[row])), 3)} for row in rows]
