import os
import resource

import pytest

pytest.register_assert_rewrite("models", "processes", "server", "wire")

from models import NAMES, model  # noqa: E402
from server import BINARY, LIBRARY, Server  # noqa: E402

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # processes are killed here on purpose

LONG = bool(os.environ.get("APUS_TEST_LONG"))


def pytest_collection_modifyitems(items):
    for item in items:
        if item.get_closest_marker("long") and not LONG:
            item.add_marker(pytest.mark.skip(reason="takes minutes; deploy/test.sh --long runs it"))


def pytest_sessionstart(session):
    for path in (BINARY, LIBRARY):
        if not path.exists():
            pytest.exit(f"{path} is missing; deploy/test.sh builds and fetches what is needed", 2)


@pytest.fixture(scope="module")
def server():
    """A server of all the models, shared by a file's tests."""
    arguments = [model(name).argument for name in NAMES]
    with Server(*arguments, "--workers", "2", "--default-model", "iris") as running:
        yield running


@pytest.fixture
def serve():
    """Starts servers that end, and are checked, with the test."""
    running = []

    def start(*arguments, **options):
        running.append(Server(*arguments, **options))
        return running[-1]

    yield start
    try:
        while running:
            running.pop().stop()
    finally:
        for one in running:
            one.destroy()
