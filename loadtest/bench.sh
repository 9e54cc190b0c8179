#!/usr/bin/env bash
# Measures Apus beside nginx with a constant answer, FastAPI with ONNX Runtime, and ONNX Runtime in process,
# in one run, and prints a table. Takes about ten minutes; a quiet machine gives better figures.
#
# usage: loadtest/bench.sh [--seconds S] [--rounds N] [PART…]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/common.sh

install_packages
apt_install nginx-light wrk
deploy/onnxruntime.sh
swift build "${RELEASE[@]}" --product apus
swift build "${RELEASE[@]}" --product loadtest
python3 -m venv .build/bench-venv
.build/bench-venv/bin/pip install -q -r loadtest/bench/requirements.txt
cc -O2 -D_GNU_SOURCE -o .build/constant loadtest/bench/constant.c
exec .build/bench-venv/bin/python loadtest/bench/bench.py --apus .build/release/apus \
    --onnxruntime "$PWD/.build/onnxruntime/libonnxruntime.so.1.28.0" --constant .build/constant \
    --loadtest .build/release/loadtest "$@"
