"""`/docs` in a real browser. The screenshots are kept beside the other results, in `.build/test`."""

import asyncio
import json

import pytest

from browser import CHROMIUM, Browser
from models import FIXTURES, NAMES, model
from server import ROOT, Server

OTHERS = ["scalar", "several", "fixed", "identity_int64", "identity_bool", "identity_bfloat16", "no_inputs"]
SHOTS = ROOT / ".build/test"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


@pytest.fixture(scope="module")
def server():
    arguments = [model(name).argument for name in reversed(NAMES)]
    others = [f"{name}={FIXTURES}/small/{name}.onnx" for name in OTHERS]
    with Server(*arguments, *others, f"two words={FIXTURES}/iris.onnx", "--workers", "1") as running:
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


@pytest.mark.parametrize("name", [*NAMES, "two words", *OTHERS])
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
