"""`/docs` in a real browser. The screenshots are kept beside the other results, in `.build/test`."""

import asyncio
import json

import onnx
import pytest

from browser import CHROMIUM, Browser
from linear import linear
from models import FIXTURES, NAMES, model
from server import ROOT, Server

OTHERS = ["scalar", "several", "fixed", "identity_int64", "identity_bool", "identity_bfloat16", "no_inputs"]
SHOTS = ROOT / ".build/test"

# The columns of one matrix, with all that a schema can say of them.
COLUMNS = """
inputs:
  - {name: sepal_length, min: 0, max: 10, description: in cm}
  - {name: species, categories: [0, 1, 2], description: "setosa, versicolor or virginica"}
  - {name: age, type: long, required: false}
  - {name: fare, default: 7.5, min: 0}
"""

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    arguments = [model(name).argument for name in reversed(NAMES)]
    others = [f"{name}={FIXTURES}/small/{name}.onnx" for name in OTHERS]
    folder = tmp_path_factory.mktemp("columns")
    onnx.save(linear(), folder / "model.onnx")
    (folder / "schema.yaml").write_text(COLUMNS)
    others += [f"columns={folder}", f"two words={FIXTURES}/iris.onnx"]
    with Server(*arguments, *others, "--workers", "1") as running:
        yield running


def visit(server, steps, name=None, **options):
    """Runs `steps` on the page of a model, and asserts that the page had nothing to complain about."""

    async def run():
        async with Browser() as browser:
            place = f"#{name}%2F1".replace(" ", "%20") if name else ""
            await browser.open(f"{server.url}/docs{place}", **options)
            await browser.wait_for("document.querySelector('#body')")
            result = await steps(browser)
            assert browser.messages == []
            return result

    return asyncio.run(run())


async def answer(browser):
    await browser.wait_for("document.querySelector('[role=status] .status')")
    return await browser.evaluate("document.querySelector('[role=status]').textContent")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_shows_the_model_and_its_answer(server, scheme):
    async def steps(browser):
        await browser.evaluate("document.querySelector('button.main').click()")
        assert (await answer(browser)).startswith("200 OK")
        SHOTS.mkdir(parents=True, exist_ok=True)
        await browser.screenshot(SHOTS / f"docs-{scheme}.png")
        return await browser.evaluate("document.body.innerText")

    text = visit(server, steps, scheme=scheme)
    for words in [*model("penguins").columns, *model("penguins").classes, "running the model", "curl -d"]:
        assert words in text


@pytest.mark.parametrize("name", [*NAMES, "two words", "columns", *OTHERS])
def test_what_the_form_makes_is_answered(server, name):
    """BF16 has no JSON form in the Open Inference Protocol, so the page does not offer it."""
    is_binary_only = name == "identity_bfloat16"

    async def steps(browser):
        assert await browser.evaluate("document.querySelector('#infer').disabled") == is_binary_only
        for protocol in ["predict", "infer"][: 2 - is_binary_only]:
            await browser.evaluate(f"document.querySelector('#{protocol}').click()")
            await browser.evaluate("document.querySelector('[role=status]').replaceChildren()")
            await browser.evaluate("document.querySelector('button.main').click()")
            assert (await answer(browser)).startswith("200 OK")

    visit(server, steps, name)


def test_the_keyboard_is_enough(server):
    async def steps(browser):
        seen = []
        for _ in range(30):
            await browser.press("Tab", 9)
            seen.append(await browser.evaluate("document.activeElement.textContent || document.activeElement.id"))
            if seen[-1] == "Send":
                await browser.press("Enter", 13)
                break
        assert seen[0] == "Skip to the model"
        assert (await answer(browser)).startswith("200 OK")

    visit(server, steps)


def test_every_field_has_a_label(server):
    async def steps(browser):
        return await browser.evaluate(
            "[...document.querySelectorAll('input, select, textarea')].filter((one) => !one.labels.length).length"
        )

    assert visit(server, steps) == 0


def test_integers_of_64_bits_keep_their_digits(server):
    number = "9223372036854775807"

    async def steps(browser):
        await browser.evaluate(
            "(() => { const one = document.querySelector('#field-0');"
            f"one.value = one.value.startsWith('[') ? one.value.replace(/\\d+/g, '{number}') : '{number}';"
            "one.dispatchEvent(new Event('input'));"
            "document.querySelector('button.main').click(); })()"
        )
        assert (await answer(browser)).startswith("200 OK")
        return await browser.evaluate("document.querySelector('[aria-label=\"Body of the answer\"]').textContent")

    assert number in visit(server, steps, "identity_int64")


def test_a_wrong_field_is_named_and_not_sent(server):
    async def steps(browser):
        await browser.evaluate(
            "(() => { const one = [...document.querySelectorAll('.fields input')].at(-1); one.value = 'heavy';"
            "one.dispatchEvent(new Event('input')); document.querySelector('button.main').click(); })()"
        )
        assert "Nothing has been sent" in await browser.evaluate("document.querySelector('[role=status]').textContent")
        return await browser.evaluate("document.activeElement.nextElementSibling.textContent")

    assert "number is expected" in visit(server, steps)


def test_the_answer_to_a_wrong_request_is_shown(server):
    async def steps(browser):
        await browser.evaluate("document.querySelector('#body').value = '{}'")
        await browser.evaluate("document.querySelector('button.main').click()")
        assert (await answer(browser)).startswith("400")
        browser.messages.clear()  # Chromium reports every 400
        return await browser.evaluate("document.querySelector('p.bad').textContent")

    assert "lacks" in visit(server, steps)


def test_the_curl_line_is_the_request(server):
    async def steps(browser):
        return await browser.evaluate("document.querySelector('#curl').textContent")

    line = visit(server, steps)
    body = line.removeprefix("curl -d '").split("' '")[0]
    assert json.loads(body).keys() == set(model("penguins").columns)
    assert line.endswith(f"{server.url}/models/penguins/versions/1/predict'")


WIDE, NARROW = {"width": 1100}, {"width": 380, "height": 800}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_form_of_columns_on_any_screen(server, scheme, size):
    async def steps(browser):
        await browser.evaluate("document.querySelector('button.main').click()")
        assert (await answer(browser)).startswith("200 OK")
        SHOTS.mkdir(parents=True, exist_ok=True)
        name = "narrow" if size == NARROW else "wide"
        await browser.screenshot(SHOTS / f"docs-columns-{name}-{scheme}.png")
        return await browser.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert visit(server, steps, "columns", scheme=scheme, **size) <= 0, "nothing is wider than the screen"


def test_columns_are_asked_for_as_the_schema_says(server):
    async def steps(browser):
        return await browser.evaluate("""
            [...document.querySelectorAll('.fields input, .fields select')].map((one) => ({
                tag: one.localName, type: one.type, min: one.min, max: one.max, required: one.required,
                label: one.labels[0].textContent, options: [...one.options || []].map((option) => option.textContent),
                note: one.getAttribute('aria-describedby').split(' ').map((id) => document.getElementById(id).textContent).join(''),
            }))""")

    length, species, age, fare = visit(server, steps, "columns")
    assert (length["type"], length["min"], length["max"], length["required"]) == ("number", "0", "10", True)
    assert length["label"] == "sepal_length number, from 0 to 10, required" and length["note"] == "in cm"
    assert (species["tag"], species["options"], species["required"]) == ("select", ["0", "1", "2"], True)
    assert (age["label"], age["required"]) == ("age whole number, optional", False)
    assert fare["label"] == "fare number, 0 or more, optional" and "7.5 when it is left out" in fare["note"]


def test_a_value_out_of_range_is_doubted_and_sent(server):
    async def steps(browser):
        fields = {"sepal_length": "11", "age": "", "fare": ""}
        for label, value in fields.items():
            await browser.evaluate(
                f"(() => {{ const one = [...document.querySelectorAll('.fields input')].find((one) =>"
                f" one.labels[0].textContent.startsWith('{label} ')); one.value = '{value}';"
                " one.dispatchEvent(new Event('input')); })()")
        doubt = await browser.evaluate("document.querySelector('.problem').textContent")
        body = await browser.evaluate("document.querySelector('#body').value")
        await browser.evaluate("document.querySelector('button.main').click()")
        assert (await answer(browser)).startswith("200 OK")
        return doubt, json.loads(body)

    doubt, body = visit(server, steps, "columns")
    assert doubt == "outside of what is expected: from 0 to 10"
    assert body == {"sepal_length": 11, "species": 0}
