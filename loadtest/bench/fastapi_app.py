"""What people write today: FastAPI around ONNX Runtime, tuned by hand.

A pydantic schema checks the request, one session thread a process, uvicorn with httptools and uvloop.
BENCH_MODEL names the ONNX file, which has one float matrix as its input.
"""
import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from fastapi.responses import ORJSONResponse
from pydantic import BaseModel

options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(os.environ["BENCH_MODEL"], options, providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
input_name = session.get_inputs()[0].name


class Tensor(BaseModel):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class Request(BaseModel):
    inputs: list[Tensor]


app = FastAPI()


@app.post("/v2/models/m/infer", response_class=ORJSONResponse)
async def infer(request: Request):
    tensor = request.inputs[0]
    rows = np.asarray(tensor.data, dtype=np.float32).reshape(tensor.shape)
    answers = session.run(names, {input_name: rows})
    return ORJSONResponse({
        "model_name": "m", "model_version": "1",
        "outputs": [
            {"name": name, "shape": list(answer.shape), "datatype": str(answer.dtype), "data": answer.ravel().tolist()}
            for name, answer in zip(names, answers)
        ],
    })
