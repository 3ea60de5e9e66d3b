"""The page over a slow link, as on the Wi-Fi of a class: the page comes packed, and every answer in the end."""

import urllib.request

MBIT = 1_000_000 / 8  # bytes a second


def test_the_slow_fills_arrive_over_a_slow_link(new_page, address):
    page = new_page()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    limits = {"downloadThroughput": 4 * MBIT, "uploadThroughput": 4 * MBIT}
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": 100, **limits})
    page.goto(f"{address}?tab=inpaint", wait_until="commit")
    for name in ("telea", "biharmonic"):
        page.wait_for_function(
            f"document.querySelector('.tile[data-id={name}]')?.innerText.includes('dB')", timeout=60_000
        )


def test_the_page_itself_travels_packed(address):
    asked = urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(asked, timeout=30) as packed, urllib.request.urlopen(address, timeout=30) as plain:
        assert packed.headers["Content-Encoding"] == "gzip" and "Content-Encoding" not in plain.headers
        assert len(packed.read()) < len(plain.read()) / 3
