"""What a tab says in words: a question for a class, what is going on, with the paper's formulas, how the networks were trained."""

import html
from collections.abc import Sequence
from pathlib import Path

import gradio as gr

ASSETS = Path(__file__).resolve().parents[2] / "assets"
COLUMNS = {
    "steps": "Steps",
    "images": "Images seen",
    "minutes": "Minutes",
    "all": "with its trunk’s by then",
    "hardware": "Hardware",
    "trunk": "Started from",
}


def explained(file: str, **said: str) -> gr.HTML:
    """The question with its reveal, and the fold, from a file in assets/; what is `said` takes the place of its @name.

    Formulas are MathML, which browsers set without anything from a network.
    """
    words = (ASSETS / file).read_text(encoding="utf-8")
    for name, text in said.items():
        words = words.replace(f"@{name}", text)
    css = (ASSETS / "explained.css").read_text(encoding="utf-8")
    return gr.HTML(words, css_template=css, apply_default_css=False)


def trainings(names: Sequence[str]) -> str:
    """How each network was trained, from its config.json, as an HTML table; a sentence where that cannot be read."""
    from ssl_core import checkpoint, zoo
    from ssl_core.teachers import cost_of

    rows = []
    for name in names:
        try:
            training = checkpoint.read_config(zoo.folder() / name)["training"]
        except checkpoint.CheckpointError as error:
            rows.append(f'<tr><th scope="row">{plain(name)}</th><td colspan="{len(COLUMNS)}">{plain(error)}</td></tr>')
            continue
        facts = training | {"all": cost_of(training)["minutes"]}
        cells = "".join(f"<td>{plain(told(facts.get(key)))}</td>" for key in COLUMNS)
        rows.append(f'<tr><th scope="row">{plain(name)}</th>{cells}</tr>')
    heads = "".join(f"<th>{head}</th>" for head in COLUMNS.values())
    head = f"<thead><tr><th>How ours were trained</th>{heads}</tr></thead>"
    return f'<div class="trainings"><table>{head}{"".join(rows)}</table></div>' if rows else ""


def told(value: object) -> str:
    """An entry of a card in words.

    >>> told(123456.7), told(["photos.zip", "starter"]), told(None)
    ('123,457', 'photos.zip, starter', '–')
    """
    if value is None or value == "":
        return "–"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:,.0f}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def plain(text: object) -> str:
    """Text that neither HTML nor a template reads as anything else.

    >>> plain("<b>${x} {{y}}")
    '&lt;b&gt;&#36;&#123;x&#125; &#123;&#123;y&#125;&#125;'
    """
    escaped = html.escape(str(text))
    for mark in ("$", "{", "}"):
        escaped = escaped.replace(mark, f"&#{ord(mark)};")
    return escaped
