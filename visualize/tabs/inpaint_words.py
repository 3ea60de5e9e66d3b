"""What the tab "Inpaint" says: what is hidden, what each loss rewards, how the shipped networks were trained, a question."""

import html
from pathlib import Path

import gradio as gr

from visualize.lab import Lab

WORDS = Path(__file__).resolve().parents[2] / "assets" / "inpaint.md"
DELIMITERS = [{"left": "$$", "right": "$$", "display": True}, {"left": "$", "right": "$", "display": False}]
QUESTION = """
<section class="ask">
<p><b>Ask the class.</b> Hide the truth. Which fill would you believe, and which one do you expect to have the highest PSNR? Need they be the same?</p>
<details><summary>Show an answer</summary>
<p>PSNR is the squared error on another scale, so it sides with whoever paints the mean of all pictures that would fit: the L2 network.
An eye sides with whoever commits itself. The adversarial network pays for its edges when they stand in the wrong place, so it may look
better and score worse. Compare the sharpness figures, then paint a hole over something that only the rest of the photo can explain
(one of two eyes), and over something that nothing explains (a face in a crowd).</p></details>
</section>
"""


def build(lab: Lab, method: str) -> None:
    """The question to ask, and the fold with the explanation and the training facts of the shipped networks."""
    gr.HTML(QUESTION, apply_default_css=False)
    with gr.Accordion("What is going on", open=False, elem_classes="going-on"), gr.Row():
        with gr.Column(scale=3, min_width=320):
            gr.Markdown(WORDS.read_text(encoding="utf-8"), latex_delimiters=DELIMITERS)
        with gr.Column(scale=2, min_width=320):
            gr.HTML(cards(lab.models(method)), apply_default_css=False)


def cards(names: tuple[str, ...]) -> str:
    """How each network was trained and how ours differ from the paper's, from the checkpoints' config.json, as HTML."""
    parts = [
        "<p><b>The paper.</b> Pathak, Krähenbühl, Donahue, Darrell, Efros: <cite>Context Encoders: Feature Learning by Inpainting</cite>, "
        "CVPR 2016. It trains AlexNet-sized encoders on 1.2 million photographs of ImageNet, and on Paris StreetView.</p>"
    ]
    return "".join([*parts, *(f"<p><b>{html.escape(name)}.</b> {html.escape(facts(name))}</p>" for name in names)])


def facts(name: str) -> str:
    """The training of one checkpoint in a few sentences; a plain sentence when its config.json cannot be read."""
    from ssl_core import checkpoint, zoo

    try:
        about = checkpoint.read_config(zoo.folder() / name)
    except checkpoint.CheckpointError as error:
        return str(error)
    numbers, training = about["config"], about["training"]
    size = f"Sees {numbers['side']} x {numbers['side']} pixels" if "side" in numbers else ""
    losses = [
        f"{symbol} {numbers[key]:g}"
        for symbol, key in (("λ_rec", "reconstruction"), ("λ_adv", "adversarial"))
        if numbers.get(key)
    ]
    return (
        ". ".join(
            part for part in (size, ", ".join(losses), trained(training), scored(about.get("scores", {}))) if part
        )
        + "."
    )


def trained(training: dict) -> str:
    """Data, steps, images, minutes and hardware, as far as the card holds them."""
    told = []
    if training.get("sources"):
        sources = training["sources"]
        told.append("Photographs: " + (sources if isinstance(sources, str) else ", ".join(map(str, sources))))
    for key, unit in (("steps", "steps"), ("images", "images seen"), ("minutes", "minutes")):
        if isinstance(training.get(key), int | float):
            told.append(f"{training[key]:,.0f} {unit}")
    if training.get("hardware"):
        told.append(str(training["hardware"]))
    return ", ".join(told)


def scored(scores: dict) -> str:
    """The measured figures of the card."""
    return ", ".join(
        f"{key.replace('_', ' ')} {value:.3g}" for key, value in scores.items() if isinstance(value, int | float)
    )
