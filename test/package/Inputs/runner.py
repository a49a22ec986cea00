"""Writes requests for the test runner (one run with one worker, one with two) and checks its responses:
runner.py write REQUESTS CONTAINER HEADER | check RESPONSES."""
import re
import struct
import sys

SETUP = "<QIIIIQQQQ32s40x"  # ingot_runner_setup
REQUEST = "<QIII12x"        # ingot_runner_request


def magic(text):
    return int.from_bytes(text, "little")


def write(requests, container, header):
    digest = bytes.fromhex(re.search(r'SAMPLE_ABI_HASH "(\w+)"', open(header).read())[1])
    path = container.encode()
    with open(requests, "wb") as out:
        out.write(struct.pack(SETUP, magic(b"INGSET2"), 2, 1, len(path), 2, 64, 0, 0, 128, digest) + path)
        out.write(struct.pack("<II2Q", 1, 1, 20, 20))
        for workers, values in ((1, (10, 20, 30, 40, 50)), (2, (0, 0, 0, 0, 50))):
            out.write(struct.pack(REQUEST, magic(b"INGREQ2"), 0, 0, workers) + struct.pack("<5f", *values))


def check(responses):
    data = open(responses, "rb").read()
    for at, outputs, values in ((0, 0, ()), (32, 1, (22, 88, 198, 352, 550)), (84, 1, (2, 8, 18, 32, 550))):
        assert struct.unpack_from("<QiI", data, at) == (magic(b"INGRES2"), 0, outputs), (at, data[at:at + 16])
        assert not values or struct.unpack_from("<5f", data, at + 32) == values, struct.unpack_from("<5f", data, at + 32)
    assert len(data) == 136


{"write": write, "check": check}[sys.argv[1]](*sys.argv[2:])
