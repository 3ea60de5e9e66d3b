"""`python app.py` and `pretext-lab serve` on a command line: what it refuses, and in which words."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SERVE = (sys.executable, "-m", "ssl_core", "serve")

# a folder that root, too, may not read
REFUSED = """
import runpy
from pathlib import Path

def refuse(path):
    raise PermissionError(13, "Permission denied", str(path))

Path.iterdir = refuse
runpy.run_path("app.py", run_name="__main__")
"""


def start(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "app.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


def test_a_folder_of_photos_that_is_not_there_is_named():
    ended = start("--photos", "no-such-folder")
    assert ended.returncode == 2 and "no-such-folder" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_port_that_is_taken_is_named():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = start("--port", str(port))
    assert ended.returncode == 2 and ended.stderr.strip().endswith("--port.")
    assert str(port) in ended.stderr and "Traceback" not in ended.stderr


@pytest.mark.parametrize("port", ["78600", "0", "-1", "web", "²"])
def test_what_is_no_port_is_refused(port):
    ended = start("--port", port)
    assert ended.returncode == 2 and f"a port is a number from 1 to 65535, not {port!r}" in ended.stderr


def test_an_address_that_is_anothers_is_named():
    ended = start("--host", "192.0.2.1")  # RFC 5737: nobody's
    assert ended.returncode == 2 and "This machine has no address 192.0.2.1: give --host " in ended.stderr


def test_models_that_may_not_be_read_are_named():
    ended = subprocess.run([sys.executable, "-c", REFUSED], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert ended.returncode == 2 and "checkpoints may not be read by this user." in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_more_threads_than_cores_are_refused():
    ended = start("--threads", "5000")
    assert ended.returncode == 2 and "--threads: invalid choice: 5000 (choose from 1" in ended.stderr


def test_serve_hands_its_options_to_the_page():
    done = subprocess.run([*SERVE, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0 and "--port" in done.stdout


def test_who_ends_serve_ends_the_page():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen([*SERVE, "--port", str(port)], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert f":{port}/" in process.stdout.readline()
        process.terminate()
        assert process.wait(60) == 0
    socket.create_server(("127.0.0.1", port)).close()  # nobody listens there any more
