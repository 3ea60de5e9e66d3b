"""Tab Context as a person meets it: the patch is dragged, keyed and resized, the truth hidden, a link followed, clusters found."""

BOARD = "document.querySelector('#patch-board [data-ready], #patch-board[data-ready]')"
READY = f"photo => ({BOARD}?.dataset.ready || '').endsWith('@' + photo)"


def show(page, address, photo="coffee", **link):
    """Open the tab on a photo and wait for the neighbours of its patch."""
    query = "".join(f"&{name}={value}" for name, value in link.items())
    page.goto(f"{address}?tab=patch_context&photo={photo}{query}")
    page.wait_for_function(READY, arg=photo, timeout=150_000)
    return page


def patch(page) -> str:
    return page.evaluate("new URLSearchParams(location.search).get('patch')")


def settled(page, before: str) -> str:
    """Wait until the answer to a patch other than `before` is there; its code."""
    page.wait_for_function(
        """before => {
          const code = new URLSearchParams(location.search).get('patch');
          const board = document.querySelector('#patch-board [data-ready], #patch-board[data-ready]');
          return code !== before && board.dataset.ready === code;
        }""",
        arg=before,
        timeout=60_000,
    )
    return patch(page)


def sources(page, selector: str) -> list[str]:
    return page.eval_on_selector_all(f".patch-board {selector} img", "images => images.map((one) => one.src)")


def test_the_first_sight_is_a_finished_example(page, address):
    show(page, address)
    assert page.locator(".patch-board .rows section").count() == 3
    assert page.locator(".patch-board .rows .tile").count() == 18
    assert page.locator(".patch-board .guesses figure").count() == 4
    assert page.locator(".patch-board .rows").bounding_box()["y"] < 900
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_dragging_and_keys_and_the_slider_ask_for_other_neighbours(page, address):
    show(page, address, patch="0.500,0.400,0.200@coffee")
    before, pictures = patch(page), sources(page, ".small")
    stage = page.locator(".patch-board .stage")
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.7 * box["height"], steps=4)
    page.mouse.up()
    dragged = settled(page, before)
    x, y, _ = map(float, dragged.partition("@")[0].split(","))
    assert abs(x - 0.7) < 0.02 and abs(y - 0.7) < 0.02
    assert sources(page, ".small") != pictures
    stage.focus()
    stage.press("ArrowLeft")
    keyed = settled(page, dragged)
    assert float(keyed.split(",")[0]) < x
    page.get_by_role("slider", name="Side of the patch").fill("30")
    assert ",0.300@" in settled(page, keyed)


def test_a_hidden_truth_is_nowhere_in_the_tab(page, address):
    show(page, address)
    page.get_by_role("button", name="Hide the truth").click()
    assert page.locator(".patch-board .photo").evaluate("one => getComputedStyle(one).visibility") == "hidden"
    assert page.locator(".patch-board .through").evaluate("one => getComputedStyle(one).clipPath").startswith("inset")
    assert len(sources(page, ".guesses")) == 3 and page.get_by_text("Guess first").last.is_visible()
    assert "truth=hidden" in page.url
    page.get_by_role("button", name="Show the truth").click()
    assert len(sources(page, ".guesses")) == 4


def test_a_link_brings_back_patch_map_and_truth(page, address):
    show(page, address, "chelsea", patch="0.400,0.300,0.250@chelsea", foretold="on", truth="hidden")
    assert patch(page) == "0.400,0.300,0.250@chelsea"
    assert page.get_by_role("slider", name="Side of the patch").input_value() == "25"
    assert page.get_by_role("button", name="Map").get_attribute("aria-pressed") == "true"
    assert page.get_by_role("button", name="Show the truth").is_visible()


def test_the_map_is_drawn_over_the_photo(page, address):
    show(page, address)
    painted = """() => {
      const canvas = document.querySelector('.patch-board .map');
      if (canvas.hidden || !canvas.width) return 0;
      const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
      return data.filter((value, i) => i % 4 === 3 && value).length;
    }"""
    assert page.evaluate(painted) == 0
    page.get_by_role("button", name="Map").click()
    page.wait_for_function(f"({painted})() > 1000")


def test_a_tile_leads_to_its_photo_and_patch(page, address):
    show(page, address)
    tile = page.locator(".patch-board .small button.tile", has_not=page.locator("[title^=coffee]")).first
    title = tile.get_attribute("aria-label")
    tile.click()
    name = title.split(": ")[0].split(", ")[-1]
    page.wait_for_function(READY, arg=name, timeout=60_000)
    assert patch(page).endswith(f"@{name}")


def test_another_photo_gets_a_patch_of_its_own(page, address):
    show(page, address, patch="0.500,0.400,0.200@coffee")
    page.get_by_role("radio", name="Lion").click()
    page.wait_for_function(READY, arg="lion", timeout=60_000)
    assert patch(page).endswith("@lion")


def test_a_search_for_clusters_that_was_stopped_can_be_begun_again(page, address):
    show(page, address)
    page.get_by_role("button", name="Find the clusters").click()
    page.locator(".patch-clusters [data-do=stop]").click()
    page.wait_for_timeout(1000)  # nothing of the stopped search comes after
    assert page.get_by_role("button", name="Find the clusters").is_visible()
    assert page.locator(".patch-clusters :is(progress, [data-do=stop]):visible").count() == 0


def test_clusters_are_found_and_ranked(page, address):
    show(page, address)
    page.get_by_role("button", name="Find the clusters").click()
    page.wait_for_function(
        "document.querySelector('.patch-clusters .state').textContent.includes('discarded')", timeout=150_000
    )
    sums = page.locator(".patch-clusters > .ranking output").all_inner_texts()
    figures = [float(text.split()[0].replace("\N{MINUS SIGN}", "-")) for text in sums]
    assert figures == sorted(figures, reverse=True) and all(figure > 0 for figure in figures)
    assert page.locator(".patch-clusters .discarded summary").is_visible()


def test_a_flat_patch_is_said_and_can_be_left(page, address):
    show(page, address, "china", patch="0.750,0.100,0.200@china")
    assert patch(page) == "0.750,0.100,0.200@china"
    assert page.locator(".patch-board .state.problem").inner_text().startswith("This patch is flat")
    stage = page.locator(".patch-board .stage")
    box, before = stage.bounding_box(), patch(page)
    page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + 0.5 * box["height"])
    settled(page, before)
    assert page.locator(".patch-board .rows .tile").count() == 18


def test_a_phone_shows_everything(new_page, address):
    page = new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    show(page, address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".patch-board .rows .tile").count() == 18
