"""Every row of every model gives scikit-learn's label exactly and its probabilities within 1e-5."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from models import NAMES, model

CONNECTIONS = 16

pytestmark = pytest.mark.parametrize("name", NAMES)


def predict(server, one, indices):
    if len(indices) == 1:
        answer = server.post(f"/models/{one.name}/predict", one.object(indices[0]))
        assert answer.status == 200, answer.body
        one.check_object(indices[0], answer.json)
    else:
        answer = server.post(f"/models/{one.name}/predict", [one.object(i) for i in indices])
        assert answer.status == 200, answer.body
        assert len(answer.json) == len(indices)
        for index, row in zip(indices, answer.json):
            one.check_object(index, row)


def predict_data(server, one, indices):
    """`{"data": [[…]]}`, in the order of the inputs."""
    body = {"data": [one.rows[i] for i in indices]}
    answer = server.post(f"/models/{one.name}/predict", body)
    assert answer.status == 200, answer.body
    assert len(answer.json) == len(indices)
    for index, row in zip(indices, answer.json):
        one.check_object(index, row)


def v2_json(server, one, indices):
    one.check_v2(indices, server.post(f"/v2/models/{one.name}/infer", *one.v2_json(indices)))


def v2_binary(server, one, indices):
    answer = server.post(f"/v2/models/{one.name}/infer", *one.v2_binary(indices))
    assert answer.headers["Content-Type"] == "application/octet-stream"
    one.check_v2(indices, answer)


forms = pytest.mark.parametrize("form", [predict, predict_data, v2_json, v2_binary])


@forms
def test_each_row_alone(server, name, form):
    one = model(name)
    for index in range(one.count):
        form(server, one, [index])


@forms
def test_32_rows_in_one_request(server, name, form):
    one = model(name)
    form(server, one, [index % one.count for index in range(32)])


@forms
def test_rows_sent_by_16_connections_at_once(server, name, form):
    """Whatever shares a run, each row gets its own answer."""
    one = model(name)
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        jobs = [
            pool.submit(form, server, one, [index % one.count]) for index in range(CONNECTIONS * 8)
        ]
        for job in jobs:
            job.result()
