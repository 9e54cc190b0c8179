"""What people and tools read before they send anything: `/openapi.json` and `/docs`."""

import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from models import NAMES, model


@pytest.fixture
def document(server):
    answer = server.get("/openapi.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json


def test_the_document_is_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_every_path_of_the_document_is_served(server, document):
    for template, operations in document["paths"].items():
        path = re.sub(r"\{version[^}]*\}", "1", re.sub(r"\{[^}]*\}", "iris", template, count=1))
        for method in operations:
            if method.upper() == "GET":
                assert server.get(path).status == 200, path
            elif method.upper() == "POST":
                json = {"Content-Type": "application/json"}
                assert server.post(path, {}, json).status in (200, 400, 501), path


@pytest.mark.parametrize("name", NAMES)
def test_the_document_knows_each_models_inputs(document, name):
    text = str(document)
    assert name in text
    for column in model(name).columns or ["X"]:
        assert column in text


def test_the_page_needs_nothing_from_outside(server):
    answer = server.get("/docs")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    page = answer.body.decode()
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", page)
    assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", page)
    assert page.count("<script src") == 0 or 'src="/' in page


def test_the_page_may_not_be_framed_or_load_foreign_code(server):
    headers = server.get("/docs").headers
    assert "default-src" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
