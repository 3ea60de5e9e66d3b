"""Tab Words as a person meets it: words are typed, lists are read, a photograph is lit, pictures are taken, the map is drawn."""

import csv
from urllib.parse import quote

import pytest

from visualize.lab import Lab
from visualize.tabs import words_asked, words_vectors

MAP = "document.querySelector('#word-map .linked-map')?.map"
LISTS = """() => [...document.querySelectorAll('.kinds .kind')].map(
  (kind) => [...kind.querySelectorAll('.name')].map((one) => one.textContent))"""
DARKNESS = """() => {
  const canvas = document.querySelector('.photo canvas');
  const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 4) sum += bytes[i] + bytes[i + 1] + bytes[i + 2];
  return [canvas.dataset.lit, sum / bytes.length];
}"""


@pytest.fixture(scope="module")
def lab() -> Lab:
    return Lab()


def show(page, address: str, **link):
    """Open the tab and wait for its first answers."""
    query = "".join(f"&{name}={value}" for name, value in link.items())
    page.goto(f"{address}?tab=words{query}")
    page.locator(".kinds li").first.wait_for(timeout=120_000)
    return page


def expected(lab, a, b, c, show_query=False) -> list[list[str]]:
    told = words_vectors.analogy(lab, {"a": a, "b": b, "c": c, "show": show_query})
    return [[one["word"] for one in kind["answers"]] for kind in told["kinds"]]


def wait_for_lists(page, lists) -> None:
    page.wait_for_function(
        f"(lists) => JSON.stringify(({LISTS})()) === JSON.stringify(lists)", arg=lists, timeout=60_000
    )


def type_word(page, name: str, word: str) -> None:
    page.locator(f'.words [data-set="{name}"]').fill(word)
    page.locator(f'.words [data-set="{name}"]').press("Enter")


def test_the_first_paint_is_a_finished_example(page, address, lab):
    show(page, address)
    wait_for_lists(page, expected(lab, "man", "woman", "boy"))
    assert page.locator(".formula").inner_text() == "woman − man + boy"
    assert "girl" in page.locator(".rank").first.inner_text()
    assert page.locator(".chips button").count() >= 4
    page.locator(".photo-words li").first.wait_for(timeout=60_000)
    assert page.locator(".near li").count() == 24


def test_words_are_typed_and_stand_in_the_link(page, address, lab):
    show(page, address)
    type_word(page, "a", "dog")
    type_word(page, "b", "dogs")
    type_word(page, "c", "Bird")
    wait_for_lists(page, expected(lab, "dog", "dogs", "bird"))
    assert {"wa=dog", "wb=dogs", "wc=bird"} <= set(page.url.partition("?")[2].split("&"))
    page.get_by_label("Show the query words too").check()
    wait_for_lists(page, expected(lab, "dog", "dogs", "bird", show_query=True))
    assert page.locator(".kinds .asked").count() >= 3
    again = page.url
    page.goto("about:blank")
    page.goto(again)
    wait_for_lists(page, expected(lab, "dog", "dogs", "bird", show_query=True))


def test_ready_made_sums_work_and_fail(page, address, lab):
    show(page, address)
    for name in ("work", "fail"):
        a, b, c = words_asked.examples(lab)[name][0]
        page.locator(f'[data-examples="{name}"] button').first.click()
        wait_for_lists(page, expected(lab, a, b, c))
        first = page.locator(".rank").first.inner_text()
        assert first.startswith("Right:") if name == "work" else "is number" in first
    page.get_by_role("button", name="dog − dog + water").click()
    wait_for_lists(page, expected(lab, "dog", "dog", "water", show_query=True))
    assert page.locator(".kinds li").first.inner_text().startswith("water")


def test_an_unknown_word_offers_those_that_are_spelled_alike(page, address, lab):
    show(page, address)
    type_word(page, "b", "womann")
    problem = page.locator(".problems .problem")
    problem.wait_for()
    assert "womann" in problem.inner_text() and page.locator('[data-set="b"]').get_attribute("aria-invalid") == "true"
    problem.get_by_role("button", name="woman", exact=True).click()
    wait_for_lists(page, expected(lab, "man", "woman", "boy"))
    assert page.locator(".problems .problem").count() == 0


def test_each_answer_marks_its_own_fields_and_greys_what_is_of_another_word(page, address, lab):
    show(page, address, w="flower", photo="coffee")
    page.locator(".pictures img").first.wait_for(timeout=180_000)
    for name in ("one", "other", "word"):
        type_word(page, name, "zebra")
    page.locator(".pictures.old").wait_for()
    assert "flower" in page.locator(".place").inner_text()
    page.locator('[data-set="other"][aria-invalid="true"]').wait_for()
    type_word(page, "one", "dog")
    type_word(page, "c", "girl")
    wait_for_lists(page, expected(lab, "man", "woman", "girl"))
    page.wait_for_function("document.querySelectorAll('.words [aria-invalid]').length === 2")  # "word" and "other"
    page.locator(".near .problem button").first.click()
    page.locator(".pictures:not(.old)").wait_for()


def test_a_link_with_words_and_choices_that_are_none_still_shows_everything(page, address, lab):
    show(page, address, wb="dinosaur", w="zzzz", wmap="bad", wkind="bad", wgroup="bad")
    wait_for_lists(page, expected(lab, "man", "woman", "boy"))
    page.locator(".pictures img").first.wait_for(timeout=180_000)
    assert page.locator(".problem").count() == 2 and "wb=dinosaur" in page.url
    page.wait_for_function(f"{MAP}?.count === 1000", timeout=60_000)
    assert all(page.locator(".choices select").nth(at).input_value() for at in range(3))


@pytest.mark.parametrize("text", ["<img src=x onerror=window.hit=1>", "{{7*7}}${window.hit=1}", "", "🐕", "собака"])
def test_nonsense_is_text_and_nothing_else(page, address, text):
    page.goto(f"{address}?tab=words&wa={quote(text)}")
    page.locator(".near li").first.wait_for(timeout=120_000)
    type_word(page, "b", text)
    type_word(page, "word", text)
    page.locator(".near .problem").wait_for()
    assert page.locator(".problems .problem").count() >= 1
    assert page.evaluate("window.hit === undefined && !document.querySelector('.words img[src=x]')")
    assert page.locator(".kinds li").count() in (0, 24)  # what was there stays


def test_hovering_a_word_lights_the_photograph(page, address):
    show(page, address, photo="lion")
    row = page.locator(".photo-words button").first
    row.wait_for(timeout=60_000)
    page.wait_for_function("document.querySelector('.photo figcaption').textContent !== ''")
    page.locator(".words .question").hover()
    plain = page.evaluate(DARKNESS)
    row.hover()
    lit = page.evaluate(DARKNESS)
    assert plain[0] == "" and lit[0] == row.locator(".name").inner_text()
    assert lit[1] < 0.95 * plain[1]
    page.get_by_role("button", name="Most unusual").click()
    assert "worder=unusual" in page.url


def test_pictures_of_a_word_can_be_taken(page, address):
    show(page, address, w="flower", photo="coffee")
    picture = page.locator(".pictures button").first
    picture.wait_for(timeout=180_000)
    assert page.locator(".pictures img").count() == 8
    shares = [float(text.split()[0]) for text in page.locator(".pictures span").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    name = picture.get_attribute("title").split(":")[0].lower()
    picture.click()
    page.wait_for_function(f"document.querySelector('.photo figcaption').textContent.toLowerCase() === '{name}'")
    assert "photo=coffee" not in page.url


def test_the_looking_through_is_asked_for_again_when_the_tab_is(page, address):
    def work(asked):
        pictures, told = "words_pictures" in asked.request.post_data, {"running": True, "done": 1, "total": 9}
        asked.fulfill(json=told) if pictures else asked.continue_()

    page.route("**/component_server/**", work)
    show(page, address)
    page.locator(".looking progress").wait_for()
    page.evaluate("window.lab.open('inpaint')")
    page.wait_for_timeout(500)  # the last answer comes while another tab is open
    page.unroute("**/component_server/**")
    page.evaluate("window.lab.open('words')")
    page.locator(".pictures img").first.wait_for(timeout=180_000)


def test_two_words_are_compared(page, address, lab):
    show(page, address)
    type_word(page, "one", "man")
    type_word(page, "other", "woman")
    page.locator(".alike", has_text="People").wait_for()
    told = words_vectors.pair(lab, {"one": "man", "other": "woman"})
    shown = page.locator(".alike b").all_inner_texts()
    assert [text.replace("−", "-") for text in shown[:3]] == [f"{kind['cosine']:.2f}" for kind in told["kinds"]]


def test_the_map_is_drawn_also_on_axes_of_ones_own(page, address):
    show(page, address)
    page.wait_for_function(f"{MAP}?.count === 1000", timeout=60_000)
    page.locator('[data-set="group"]').select_option("300")
    page.wait_for_function(f"{MAP}.count === 300", timeout=60_000)
    page.locator('[data-set="layout"]').select_option("axes")
    page.wait_for_function(f"{MAP}.caption.startsWith('From man to woman')", timeout=60_000)
    man, woman = page.evaluate(f"['man', 'woman'].map((word) => {MAP}.a[2 * {MAP}.labels.indexOf(word)])")
    assert man < 0 < woman
    type_word(page, "right", "nosuchword")
    page.locator(".map-note.wrong").wait_for()
    assert "nosuchword" in page.locator(".map-note").inner_text()


def test_a_map_that_grows_can_be_stopped_and_gives_way_to_another(page, address):
    show(page, address, wkind="both")
    choice, button = page.locator('[data-set="layout"]'), page.locator('[data-do="draw"]')
    choice.select_option("tsne")
    page.locator(".drawing progress").wait_for()
    button.click()
    page.wait_for_timeout(1000)  # nothing of the stopped map comes after
    assert button.inner_text() == "Draw it"
    button.click()
    page.locator(".drawing progress").wait_for()
    choice.select_option("pca")
    page.wait_for_function(f"{MAP}.caption.startsWith('PCA')", timeout=60_000)
    page.wait_for_timeout(1000)
    assert page.evaluate(f"{MAP}.caption.startsWith('PCA')") and page.locator(".drawing").is_hidden()


def test_the_same_word_can_be_picked_on_the_map_again(page, address):
    show(page, address)
    page.wait_for_function(f"{MAP}?.count === 1000", timeout=60_000)
    for _ in range(2):
        page.evaluate("document.dispatchEvent(new CustomEvent('lab:fly', { detail: { map: 'words', index: 5 } }))")
        page.wait_for_function(f"new URLSearchParams(location.search).get('w') === {MAP}.labels[5]")
        type_word(page, "word", "dog")


def test_answers_can_be_saved(page, address, lab):
    show(page, address)
    wait_for_lists(page, expected(lab, "man", "woman", "boy"))
    with page.expect_download() as download:
        page.locator('[data-save="answers"]').click()
    with open(download.value.path(), newline="", encoding="utf-8") as file:
        rows = list(csv.reader(file))
    assert [row[2] for row in rows[1:9]] == expected(lab, "man", "woman", "boy")[0]


@pytest.mark.parametrize("width", [390, 1024])
def test_nothing_is_cut(new_page, address, width):
    page = show(new_page(viewport={"width": width, "height": 800}), address)
    page.locator(".photo-words li").first.wait_for(timeout=60_000)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        "() => [...document.querySelectorAll('.words :is(input, select, h3, .photo canvas, .kind)')]"
        ".filter((one) => one.getBoundingClientRect().right > innerWidth + 1).length"
    )
    assert cut == 0
