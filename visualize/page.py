"""The page: header, photo strip and tabs, and the wires that all tabs share (photo, open tab, link)."""

from collections.abc import Callable, Sequence
from pathlib import Path

import gradio as gr
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware

from visualize.lab import Lab
from visualize.tabs import TABS
from visualize.widgets.photo_strip import photo_strip

ASSETS = Path(__file__).parents[1] / "assets"
HEARD = "watch('value', () => document.dispatchEvent(new CustomEvent('lab:heard', { detail: props.value })));"


class Page:
    """The wires between the tabs of one page.

    photo: component whose value is the key of the chosen photograph
    tab: component whose value is the id of the open tab and how often one was shown; it emits show_<tab>
    link: component whose value is a dict, the query parameters of the address at load
    """

    def __init__(self, photo: gr.HTML, tab: gr.HTML, link: gr.HTML):
        self.photo, self.tab, self.link = photo, tab, link

    def home(self, model_name: str) -> dict[str, str] | None:
        """Id and title of the tab where a person plays with a model; None while there is none."""
        for tab in TABS:
            if any(model_name.startswith(method) for method in tab.METHODS):
                return {"id": tab.ID, "title": tab.TITLE}
        return None

    def on_show(self, tab_id: str, fn: Callable, inputs: Sequence = (), outputs: Sequence = (), **kw) -> None:
        """Run `fn(photo_key, *inputs)` when the page loads with this tab open, when the tab is opened, and when
        the photograph changes while it is open; never otherwise. `kw` goes to the event listener."""
        show = getattr(self.tab, f"show_{tab_id}")
        show(fn, [self.photo, *inputs], outputs, **{"show_progress": "hidden", "trigger_mode": "always_last"} | kw)


def build_page(lab: Lab) -> gr.Blocks:
    """The whole page as Blocks, not yet launched."""
    with gr.Blocks(title="Pretext Lab", analytics_enabled=False, fill_width=True, delete_cache=(3600, 86400)) as demo:
        header()
        page = Page(photo_strip(lab), router(), link())
        hear(page)
        with gr.Tabs(elem_id="tabs"):
            for tab in TABS:
                with gr.Tab(tab.TITLE, id=tab.ID, elem_id=f"tab-{tab.ID}") as panel:
                    tab.build(lab, page)
                panel.select(None, js=f"() => window.lab.opened('{tab.ID}')", api_visibility="private")
        demo.load(lab.warm, api_visibility="private", queue=False, show_progress="hidden")
    return demo


def header() -> gr.HTML:
    """The name of the lab, the tab bar and the switches."""
    tabs = "".join(f'<button type="button" role="tab" data-tab="{tab.ID}">{tab.TITLE}</button>' for tab in TABS)
    markup = (ASSETS / "header.html").read_text(encoding="utf-8").replace("@tabs", tabs)
    js = (ASSETS / "header.js").read_text(encoding="utf-8")
    return gr.HTML(html_template=markup, js_on_load=js, elem_id="header", apply_default_css=False)


def router() -> gr.HTML:
    """The component that knows the open tab and emits the event show_<tab> for it."""
    ids = [tab.ID for tab in TABS]
    names = ", ".join(f'"show_{one}"' for one in ids)  # gr.HTML makes a listener of each quoted name
    js = f"// events: {names}\n" + (ASSETS / "router.js").read_text(encoding="utf-8")
    return gr.HTML(value=ids[0], html_template="", js_on_load=js, tabs=ids, elem_classes="unseen")


def hear(page: Page) -> None:
    """Tell the router that Python has heard of a tab: what it says while Gradio mounts the page may be lost, and it says it again.

    It goes through the queue as the tabs' answers do: over a slow link an answer's stream may have been closed before the page
    knows, and then what is asked is lost with its answer.
    """
    heard = gr.HTML(value="", html_template="", js_on_load=HEARD, elem_classes="unseen")
    for tab in TABS:
        listen = getattr(page.tab, f"show_{tab.ID}")
        listen(
            lambda shown: shown,
            [page.tab],
            [heard],
            api_visibility="private",
            trigger_mode="multiple",
            show_progress="hidden",
        )


def link() -> gr.HTML:
    """The component that holds the query parameters of the address at load."""
    js = "setTimeout(() => { props.value = window.lab.all(); }, 0);"
    return gr.HTML(value={}, html_template="", js_on_load=js, elem_classes="unseen")


def launch_options() -> dict:
    """What `Blocks.launch` needs for the look of the lab: theme, style sheet, script; nothing from another host."""
    script = (ASSETS / "link.js").read_text(encoding="utf-8")
    style = "".join((ASSETS / name).read_text(encoding="utf-8") for name in ("lab.css", "teachers.css"))
    fonts = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "sans-serif"]
    mono = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]
    return {
        "theme": gr.themes.Base(font=fonts, font_mono=mono, primary_hue="blue", neutral_hue="stone"),
        "head": f"<style>{style}</style><script>{script}</script>",  # `css=` would put every rule under a prefix
        "footer_links": [],
        "run_history": False,
        "max_file_size": "60mb",
        # The page alone is that large, and a class loads it over one wireless network; answers are mostly pictures, packed already.
        "app_kwargs": {"middleware": [Middleware(GZipMiddleware, minimum_size=500_000, compresslevel=6)]},
    }
