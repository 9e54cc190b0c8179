"""KServe's own client against a server: what it says of it, as JSON.

    kserve_client.py URL MODEL      reads {"rows": […]} from standard input
"""

import asyncio
import json
import sys

import numpy
from httpx import HTTPStatusError
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


def request(model, rows, binary):
    tensor = InferInput("X", [len(rows), len(rows[0])], "FP32")
    tensor.set_data_from_numpy(numpy.array(rows, numpy.float32), binary_data=binary)
    return InferRequest(model_name=model, infer_inputs=[tensor])


async def refusal(call):
    try:
        await call
    except HTTPStatusError as error:
        return str(error)


async def main(url, model, rows):
    said = {}
    async with InferenceRESTClient(RESTConfig(protocol="v1")) as client:
        said["v1"] = {
            "live": await client.is_server_live(url),
            "ready": await client.is_model_ready(url, model),
            "answer": await client.infer(url, {"instances": rows}, model_name=model),
            "refusal": await refusal(client.infer(url, {"instances": [[1]]}, model_name=model)),
            "unknown": await refusal(client.is_model_ready(url, "none")),
        }
    async with InferenceRESTClient(RESTConfig(protocol="v2")) as client:
        said["v2"] = {
            "live": await client.is_server_live(url),
            "server ready": await client.is_server_ready(url),
            "ready": await client.is_model_ready(url, model),
            "refusal": await refusal(client.infer(url, request(model, [[1.0]], False), model_name=model)),
        }
        for binary in (False, True):
            answer = await client.infer(url, request(model, rows, binary), model_name=model)
            said["v2"]["binary" if binary else "json"] = {
                output.name: output.as_numpy().tolist() for output in answer.outputs
            }
    return said


if __name__ == "__main__":
    url, model = sys.argv[1:]
    print("\n" + json.dumps(asyncio.run(main(url, model, json.load(sys.stdin)["rows"]))))
