"""The tab "Denoise" as a hand meets it: kinds and levels of noise, the close-up, links, the hidden truth, a phone, the endpoint."""

import io

import numpy as np
import pytest
from PIL import Image

BENCH = ".denoise-bench"
PHOTO = "chelsea"
PIXELS = """(canvas) => [canvas.width, canvas.height, [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]]"""


def show(page, address, query="", photo=PHOTO):
    page.goto(f"{address}?tab=denoising_autoencoder&photo={photo}{query}")
    page.wait_for_selector(f"{BENCH}[data-photo={photo}]:not(.waiting):not([data-noise=''])", timeout=120_000)


def settle(page, noise):
    page.wait_for_selector(f"{BENCH}[data-noise='{noise}']:not(.waiting)", timeout=120_000)


def canvas(page, name, which=".stage canvas") -> np.ndarray:
    """The pixels of one of a picture's canvases, (H, W, 3)."""
    width, height, data = page.eval_on_selector(f"{BENCH} figure[data-id={name}] {which}", PIXELS)
    return np.array(data, float).reshape(height, width, 4)[..., :3]


def distance(page, name) -> float:
    return np.abs(canvas(page, name) - canvas(page, "truth")).mean()


def figure(page, name) -> str:
    return page.inner_text(f"{BENCH} figure[data-id={name}] .psnr")


def level(page):
    return page.get_by_role("slider", name="Level of noise")


def test_first_paint_is_a_finished_example(page, address):
    show(page, address)
    names = page.eval_on_selector_all(f"{BENCH} figure", "figures => figures.map((figure) => figure.dataset.id)")
    assert names[0] == "noisy" and names[-2:] == ["non-local-means", "truth"] and len(names) >= 4
    for name in names[1:-1]:
        assert distance(page, name) < distance(page, "noisy") and "dB, +" in figure(page, name)
    assert page.evaluate("document.querySelector('.denoise-bench .pictures').getBoundingClientRect().bottom") <= 900
    assert page.locator(f"{BENCH} .best").count() == 1


def test_the_level_follows_the_hand_and_the_answers_come_after(page, address):
    show(page, address)
    before = canvas(page, "noisy")
    level(page).evaluate(
        "slider => { slider.value = 0.5; slider.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    assert (
        np.abs(canvas(page, "noisy") - canvas(page, "truth")).mean()
        > 1.3 * np.abs(before - canvas(page, "truth")).mean()
    )
    assert "noise=" not in page.url, "nothing was let go yet"
    assert "stale" in page.get_attribute(BENCH, "class")
    level(page).dispatch_event("change")
    settle(page, "gaussian-0.50-0")
    assert "noise=gaussian-0.50-0" in page.url and "stale" not in page.get_attribute(BENCH, "class")


def test_three_kinds_of_noise(page, address):
    show(page, address)
    page.get_by_role("button", name="Masking").click()
    settle(page, "masking-0.20-0")
    black = (canvas(page, "noisy", ".close") == 0).all(-1).mean()
    assert 0.08 < black < 0.35, "a fifth of the pixels is black"
    page.get_by_role("button", name="Salt and pepper").click()
    settle(page, "salt-and-pepper-0.20-0")
    close = canvas(page, "noisy", ".close")
    assert (close == 0).all(-1).mean() > 0.03 and (close == 255).all(-1).mean() > 0.03
    assert "20 % of the pixels" in page.inner_text(f"{BENCH} .level")


def test_the_seed_gives_other_noise_and_gives_it_back(page, address):
    show(page, address)
    first = canvas(page, "noisy")
    seed = page.get_by_label("Seed of the noise")
    seed.fill("7")
    seed.dispatch_event("change")
    settle(page, "gaussian-0.20-7")
    assert np.abs(canvas(page, "noisy") - first).mean() > 3
    seed.fill("0")
    seed.dispatch_event("change")
    settle(page, "gaussian-0.20-0")
    np.testing.assert_array_equal(canvas(page, "noisy"), first)


def test_the_close_up_follows_the_pointer_and_a_click_holds_it(page, address):
    show(page, address)
    stage = page.locator(f"{BENCH} figure[data-id=truth] .stage")
    stage.hover(position={"x": 20, "y": 20})
    first = canvas(page, "truth", ".close")
    stage.hover(position={"x": 200, "y": 150})
    assert np.abs(canvas(page, "truth", ".close") - first).mean() > 1
    stage.click(position={"x": 20, "y": 20})
    held = canvas(page, "noisy", ".close")
    stage.hover(position={"x": 200, "y": 150})
    np.testing.assert_array_equal(canvas(page, "noisy", ".close"), held)
    assert "closeup=" in page.url
    page.locator(f"{BENCH} .pictures").focus()
    page.keyboard.press("ArrowRight")
    assert np.abs(canvas(page, "noisy", ".close") - held).mean() > 1


def test_a_link_brings_back_noise_place_and_hidden_truth(page, address):
    show(page, address, "&noise=masking-0.35-12&closeup=0.250,0.750&truth=hidden")
    settle(page, "masking-0.35-12")
    assert level(page).input_value() == "0.35" and page.get_by_label("Seed of the noise").input_value() == "12"
    assert page.get_by_role("button", name="Masking").get_attribute("aria-pressed") == "true"
    assert canvas(page, "truth").std() == 0 and canvas(page, "truth", ".close").std() == 0
    page.get_by_role("button", name="Show the truth").click()
    assert canvas(page, "truth").std() > 5 and "truth=" not in page.url


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("zzz", "gaussian-0.20-0"),
        ("gaussian-0.125-3", "gaussian-0.20-0"),
        ("masking-9-0", "gaussian-0.20-0"),
        ("masking-0.9-5", "masking-0.70-5"),
    ],
)
def test_the_address_names_the_noise_that_is_shown(page, address, asked, shown):
    show(page, address, f"&noise={asked}")
    settle(page, shown)
    assert f"noise={shown}" in page.url


def test_another_photo_keeps_the_noise(page, address):
    show(page, address, "&noise=masking-0.35-12")
    page.locator(".strip-photo").nth(4).click()
    page.wait_for_function(
        "photo => document.querySelector('.denoise-bench').dataset.photo !== photo", arg=PHOTO, timeout=120_000
    )
    settle(page, "masking-0.35-12")
    assert "noise=masking-0.35-12" in page.url


def test_no_noise_at_all_has_no_figure_that_is_none(page, address):
    show(page, address, "&noise=gaussian-0.00-0")
    settle(page, "gaussian-0.00-0")
    assert figure(page, "noisy") == "no error"
    assert not any(word in page.inner_text(BENCH) for word in ("NaN", "Infinity", "null", "undefined"))


def test_a_picture_can_be_saved_at_its_own_size(page, address):
    show(page, address)
    with page.expect_download() as download:
        page.get_by_role("button", name='Save the picture "Autoencoder"').click()
    assert download.value.suggested_filename.startswith(f"{PHOTO}-gaussian-0.20-0-denoising-autoencoder")
    assert max(Image.open(io.BytesIO(download.value.path().read_bytes())).size) <= 480


def test_a_phone_shows_everything(new_page, address):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True, device_scale_factor=2)
    show(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    before = canvas(page, "truth", ".close")
    page.locator(f"{BENCH} figure[data-id=truth] .stage").tap(position={"x": 10, "y": 10})
    page.wait_for_function("location.search.includes('closeup=')")
    page.wait_for_function("() => new Promise(requestAnimationFrame)")  # the close-up is drawn with the next frame
    assert np.abs(canvas(page, "truth", ".close") - before).mean() > 1


def test_the_endpoint_answers_programs(address, tmp_path):
    from gradio_client import Client, handle_file
    from gradio_client.exceptions import AppError

    Image.effect_noise((60, 40), 40).save(tmp_path / "photo.png")
    client, photo = (
        Client(address, verbose=False, download_files=str(tmp_path)),
        handle_file(str(tmp_path / "photo.png")),
    )
    clean, told = client.predict(photo, "masking", 0.3, 5, "", api_name="/denoise")
    assert Image.open(clean).size == (60, 40) and told["kind"] == "masking" and told["noisy_db"] > 0
    with pytest.raises(AppError, match="number from 0 to 1"):
        client.predict(photo, "masking", 3, 5, "", api_name="/denoise")
