"""Model cards: the README.md of each checkpoint, written from its config.json, its weights and its paper. Nothing is typed in by hand."""

from pathlib import Path
from string import Template

from ssl_core import (
    bench_colorize,
    bench_denoise,
    bench_failures,
    bench_inpaint,
    bench_position,
    bench_split_brain,
    bench_transfer,
    bench_words,
    checkpoint,
)

CARD = "README.md"
BENCHES = {
    "inpaint": "Inpainting, the central quarter hidden",
    "inpaint-block": "Inpainting, random blocks hidden",
    "inpaint-region": "Inpainting, a random region hidden",
    "colorize": "Colorization",
    "split-brain": "Each half of the channels, said by the other",
    "position": "Which of eight neighbours a patch is",
    "denoise": "Noise taken away: gain in PSNR, dB",
    "failures": "Ways to fail",
    "words": "Word vectors: the visual ones alone",
    "words-losses": "Words of photographs that it never saw",
    "transfer": "What its features are worth on other photographs",
}
# Sources that the shipped networks learned from, by file name. Only weights and statistics came out of them, never a picture.
TERMS = {
    "photos.zip": "parts of Caltech-101, PACS (photographs), Corel-1k, Asirra, Stanford Dogs and MS-COCO, for research use; "
    "Intel scenes and a clothing data set, CC0",
    "captions.zip": "Flickr8k, for non-commercial research",
    "voc.zip": "parts of PASCAL VOC, MS-COCO and BSDS500, for research use; CamVid, CC BY-NC",
    "tiny.zip": "a part of Tiny-ImageNet, for non-commercial research and education",
    "imagenette": "a part of ImageNet, for non-commercial research and education",
    "stl10": "a part of ImageNet, for non-commercial research and education",
    "starter photographs": "photographs inside scikit-image, scikit-learn, matplotlib and gradio; each has its own licence",
}
USES = {
    "context-encoder": "filled = model.inpaint(photo, mask)  # mask (H, W) bool, True = hidden; the answer is float32 in [0, 1]",
    "colorization": "colors = model.colorize(photo, temperature=0.38)  # (H, W, 3) float32 in [0, 1]; photo may be grey",
    "hypercolumn-colorization": "colors = model.colorize(photo)  # (H, W, 3) float32 in [0, 1]; model.histograms(photo) for hue and chroma",
    "noisy-words": "scores = model.word_scores(photo)  # log P(word | photo), as model.vocabulary; model.word_maps(photo, rows)",
    "denoising-autoencoder": "clean = model.denoise(picture)  # (H, W, 3) float32, any size; model.corrupt(photo, 'masking', 0.2)",
    "relative-position": "likely = model.guess(patches)  # patches (9, p, p, 3) in reading order; (8, 8) shares, question by direction",
    "supervised": "maps = model.class_maps(image)  # (1, 3, H, W) in [0, 1] -> a score for every class of model.classes at every place",
    "split-brain": "pictures = model.predict(photo).pictures()  # what each half sees and says, (H, W, 3) float32 in [0, 1]",
}
USE = "features = model.encoder(image)  # (1, 3, H, W) in [0, 1] -> feature maps by the name of their layer"
# `departs` is about the small networks alone: the others are not what ships
BUILT = {
    "small": "a lean network, not the published one",
    "paper": "a network of the published size",
    "tiny": "a tiny network, for tests",
}
TEMPLATE = Template("""---
license: apache-2.0
library_name: pytorch
pipeline_tag: image-feature-extraction
tags:
- self-supervised-learning
- pretext-task
- $method
---

# $model

$question $asked

After *$title* ($authors, [$venue $year]($url)); $built: $weights, $megabytes MB.$departs

```python
import ssl_core

model = ssl_core.load("$model")
$use
```

## Training

$training

## Data

$data

The weights are published under the licence of this repository; whether they may be used beyond research also depends on the terms above.

## Scores

$scores

## Limits

Trained for a short time on few photographs, for teaching: it shows what the pretext task rewards, not what the method can reach.
Faces of the same people may stand in training and evaluation photographs; the figures are no claims about people.
""")


def card(folder: Path) -> str:
    """The model card of the checkpoint in `folder`, as Markdown with the Hugging Face Hub's header. CheckpointError if it is unreadable."""
    about = checkpoint.read_config(folder)
    pretext = checkpoint.pretext_of(about, folder)
    paper, path, size = pretext.paper, folder / checkpoint.WEIGHTS, about["training"].get("size")
    return TEMPLATE.substitute(
        model=about["model"],
        method=about["method"],
        question=pretext.question,
        asked=pretext.variants[about["variant"]].asked,
        title=paper.title,
        authors=paper.authors,
        venue=paper.venue,
        year=paper.year,
        url=paper.url,
        built=BUILT.get(size, "a network of a size that was not recorded"),
        departs=f"\n{pretext.departs}" if size == "small" else "",
        weights=f"{_count(path) / 1e6:.2f} million numbers",
        megabytes=f"{path.stat().st_size / 2**20:.1f}",
        use=USES.get(about["method"], USE),
        training=_training(about["training"]),
        data=_data(about["training"].get("sources", ())),
        scores=_scores(about["scores"], about["model"]),
    )


def write_card(folder: Path) -> Path:
    """Write the card of the checkpoint in `folder` to its README.md and return that path. CheckpointError if it cannot be."""
    path, text = Path(folder) / CARD, card(Path(folder))
    with checkpoint.replacing(path) as partial:
        partial.write_text(text, encoding="utf-8")
    return path


def _count(weights: Path) -> int:
    """How many numbers a safetensors file holds, read from its header alone. CheckpointError if it is missing or damaged."""
    from math import prod

    with checkpoint.opened(weights, "numpy") as file:
        return sum(prod(file.get_slice(key).get_shape()) for key in file.keys())  # noqa: SIM118


def _training(training: dict) -> str:
    labels = {
        "size": "size",
        "steps": "steps",
        "images": "pictures seen",
        "minutes": "minutes",
        "images_per_second": "pictures per second",
        "batch": "batch",
        "learning_rate": "learning rate",
        "trunk": "started from the weights of",
        "blend": "share of the way from those weights to the trained ones that is shipped",
        "hardware": "hardware",
        "processes": "processes",
        "precision": "precision of products",
        "seed": "seed",
        "torch": "PyTorch",
        "commit": "git commit",
        "date": "date",
    }
    before, trunk_run = training.get("before"), training.get("trunk_run")
    if before:  # an earlier run, which steps, pictures and minutes include
        labels["images_per_second"] += ", without the earlier part"
    rows = [(label, training[key]) for key, label in labels.items() if training.get(key) is not None]
    if trunk_run:
        rows.append(
            ("those weights had seen", f"{trunk_run['images']:,.0f} pictures in {trunk_run['minutes']} minutes")
        )
    if before:
        rows.append(("of these", f"{before['images']:,} pictures in {before['minutes']} minutes: {before['note']}"))
    return _table(("", ""), [(label, f"{value:,}" if label == "pictures seen" else value) for label, value in rows])


def _data(sources: list[str]) -> str:
    lines = [f"- {source}: {_terms(source)}." for source in sources]
    return "\n".join(lines) if lines else "Not recorded."


def _terms(source: str) -> str:
    starter = "starter photographs"
    called = starter if source.endswith(starter) else source.rsplit(", ", 2)[0]
    return TERMS.get(called, "under the terms of that source")


def _scores(scores: dict, model: str) -> str:
    """One table per bench, headings as in the bench."""
    benches = (
        bench_inpaint,
        bench_colorize,
        bench_position,
        bench_denoise,
        bench_split_brain,
        bench_failures,
        bench_words,
        bench_transfer,
    )
    columns = {column.key: column for bench in benches for column in bench.COLUMNS}
    columns |= {column.key: column for column in bench_words.LOSS_COLUMNS}
    parts = []
    for name, figures in scores.items():
        shown = [columns[key] for key in figures if key in columns]
        table = _table(("figure", "value"), [(column.heading, column.write(figures)) for column in shown])
        parts.append(f"### {BENCHES.get(name, name)}\n\n{table}\n\n{figures.get('measured_on', '')}")
    measure = f"`pretext-lab bench transfer --models {model}`"
    return "\n\n".join(parts) or f"Not measured yet: {measure} measures it; --checkpoints says where it lies."


def _table(head: tuple, rows: list[tuple]) -> str:
    return "\n".join(f"| {left} | {right} |" for left, right in [head, ("---", "---:"), *rows])
