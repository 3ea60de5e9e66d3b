"""Start the lab: `python app.py`. A Hugging Face Space finds `demo` here."""

import argparse
import errno
import os
import signal
import socket
import sys
import threading

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")


def parse(arguments: list[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="app.py", description="Pretext Lab: self-supervised vision at the bench.")
    port, host = os.environ.get("GRADIO_SERVER_PORT", "7860"), os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    parser.add_argument("--port", type=port_number, default=port, help=f"default {port}")
    parser.add_argument("--host", default=host, help=f"0.0.0.0 lets other machines in; default {host}")
    parser.add_argument("--photos", metavar="DIR|ZIP", help="a folder or a zip of your own photographs")
    parser.add_argument("--checkpoints", metavar="DIR", help="a folder of models other than checkpoints/")
    cores = range(1, (os.cpu_count() or 1) + 1)  # more threads would only wait for one another
    told = "threads for the networks; fewer are faster on a busy machine"
    parser.add_argument("--threads", type=int, choices=cores, metavar="N", help=told)
    return parser.parse_args(arguments)


def port_number(text: str) -> int:
    """A port from 1 to 65535. Errors: argparse.ArgumentTypeError."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"a port is a number from 1 to 65535, not {text!r}")
    return int(text)


def build(options: argparse.Namespace):
    """The lab and its page.

    Errors: SourceError when --photos cannot be opened, PhotoError when a starter photo is gone, CheckpointError when the folder of
    models may not be read.
    """
    from ssl_core.command_settings import share_freed_memory

    share_freed_memory()
    if options.checkpoints:
        os.environ["PRETEXT_LAB_CHECKPOINTS"] = options.checkpoints
    if options.threads:
        os.environ["OMP_NUM_THREADS"] = str(options.threads)  # for torch, which is imported later
    from visualize.lab import Lab

    lab = Lab(options.photos)
    from visualize.page import build_page  # after the photographs: a wrong --photos is told at once

    return lab, build_page(lab)


def why_not(host: str, port: int) -> str:
    """Why no page can be served there, and what to do."""
    try:
        socket.create_server((host, port)).close()
    except PermissionError:
        return f"Port {port} may not be used without more rights: choose one above 1023 with --port."
    except OSError as problem:
        if problem.errno != errno.EADDRINUSE:
            return f"This machine has no address {host}: give --host 127.0.0.1, or 0.0.0.0 to let other machines in."
    return f"Port {port} is taken: stop what uses it, or choose another with --port."


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
    except OSError:  # Gradio says of every reason that no port is empty
        print(why_not(options.host, options.port), file=sys.stderr)
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
