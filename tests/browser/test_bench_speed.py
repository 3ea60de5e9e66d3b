"""The page can be timed: the marks that `bench speed` waits for are there, and what comes back is of a sensible size."""

from concurrent.futures import ThreadPoolExecutor

from ssl_core import bench_page


def test_the_page_is_timed_from_start_to_slider(browser):
    with ThreadPoolExecutor(1) as thread:  # the tests' own Playwright runs in this one
        found = thread.submit(bench_page.measure, strokes=2, photos=2, frames=10).result()
    assert 0.5 < found["up"] < found["seen"] < 120
    assert 100 < found["memory"] < 4000
    assert len(found["strokes"]) == 2 and all(1 < one < 60_000 for one in found["strokes"])
    assert len(found["colors"]) == 2 and all(1 < one < 60_000 for one in found["colors"])
    assert found["units"] and found["lasso"] and all(0 < one < 60_000 for one in found["units"] + found["lasso"])
    assert 0 < found["frame"]["median"] <= found["frame"]["p95"] < 5000
