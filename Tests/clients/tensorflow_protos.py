"""TensorFlow Serving's own messages, to read its JSON with.

`tensorflow-protobuf` lacks one small file that the others import: the error codes (tensorflow, tsl/protobuf/
error_codes.proto, an enum). It is made here, before they are imported.
"""

import sys
import types

from google.protobuf import descriptor_pb2, descriptor_pool

CODES = """OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED
RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS
UNAUTHENTICATED""".split()


def _add_error_codes():
    name = "tensorflow.tsl.protobuf.error_codes_pb2"
    file = descriptor_pb2.FileDescriptorProto(
        name="tensorflow/tsl/protobuf/error_codes.proto", package="tensorflow.error", syntax="proto3"
    )
    enum = file.enum_type.add(name="Code")
    for number, code in enumerate(CODES):
        enum.value.add(name=code, number=number)
    descriptor_pool.Default().AddSerializedFile(file.SerializeToString())
    for part in ("tensorflow.tsl", "tensorflow.tsl.protobuf", name):
        sys.modules[part] = types.ModuleType(part)
    sys.modules["tensorflow.tsl.protobuf"].error_codes_pb2 = sys.modules[name]


_add_error_codes()

from tensorflow_serving.apis.get_model_metadata_pb2 import (  # noqa: E402
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse  # noqa: E402

__all__ = ["GetModelMetadataResponse", "GetModelStatusResponse", "SignatureDefMap"]
