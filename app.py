"""Start the lab: `python app.py`. A Hugging Face Space finds `demo` here."""

import argparse
import os
import signal
import sys
import threading

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="app.py", description="Pretext Lab: self-supervised vision at the bench.")
    port, host = os.environ.get("GRADIO_SERVER_PORT", "7860"), os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    parser.add_argument("--port", type=int, default=int(port), help=f"default {port}")
    parser.add_argument("--host", default=host, help=f"0.0.0.0 lets other machines in; default {host}")
    parser.add_argument("--photos", metavar="DIR|ZIP", help="a folder or a zip of your own photographs")
    parser.add_argument("--checkpoints", metavar="DIR", help="a folder of models other than checkpoints/")
    cores = range(1, (os.cpu_count() or 1) + 1)  # more threads would only wait for one another
    told = "threads for the networks; fewer are faster on a busy machine"
    parser.add_argument("--threads", type=int, choices=cores, metavar="N", help=told)
    return parser.parse_args(arguments)


def build(options: argparse.Namespace):
    """The lab and its page.

    Errors: SourceError when --photos cannot be opened, PhotoError when a starter photo is gone, CheckpointError when the folder of
    models may not be read.
    """
    if options.checkpoints:
        os.environ["PRETEXT_LAB_CHECKPOINTS"] = options.checkpoints
    from visualize.lab import Lab, use_threads

    use_threads(options.threads)
    lab = Lab(options.photos)
    from visualize.page import build_page  # after the photographs: a wrong --photos is told at once

    return lab, build_page(lab)


def main(arguments: list[str]) -> int:
    """Serve the page until Ctrl-C; the exit status."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # or temporary files would outlive a stopped server
    from ssl_core.checkpoint import CheckpointError
    from ssl_core.photo import PhotoError
    from ssl_core.sources import SourceError

    try:
        lab, page = build(options)
    except (CheckpointError, SourceError, PhotoError) as error:
        print(error, file=sys.stderr)
        return 2
    from visualize.page import launch_options

    try:
        page.launch(
            server_name=options.host, server_port=options.port, prevent_thread_lock=True, quiet=True, **launch_options()
        )
    except OSError:
        print(f"Port {options.port} is taken: stop what uses it, or choose another with --port.", file=sys.stderr)
        return 2
    print(f"Pretext Lab is at {page.local_url}  (Ctrl-C stops it)", flush=True)
    # The first page to open warms the lab too; any earlier, it would only be in that page's way.
    threading.Timer(3.0, lab.warm).start()
    page.block_thread()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
else:
    demo = build(parse([]))[1]
