"""What every test runs under: one thread for torch, a cache of its own, and nothing that calls home."""

import os
import tempfile

# Tiny steps run several times faster on one thread than on two that share a busy machine. Read when torch is first imported.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
_CACHE = tempfile.TemporaryDirectory(prefix="pretext-lab-tests-")
os.environ["PRETEXT_LAB_CACHE"] = _CACHE.name
