"""Writes a request for the test runner and checks its response: runner.py write REQUEST CONTAINER HEADER | check RESPONSE."""
import re
import struct
import sys

REQUEST = "<QIIIIIIQQQQ32s32x"  # ingot_runner_request


def padded(data):
    return data + bytes(-len(data) % 64)


def write(request, container, header):
    digest = bytes.fromhex(re.search(r'SAMPLE_ABI_HASH "(\w+)"', open(header).read())[1])
    path = container.encode()
    head = struct.pack(REQUEST, int.from_bytes(b"INGREQ1", "little"), 2, 3, 1, 1, len(path), 2, 64, 0, 0, 128, digest)
    with open(request, "wb") as out:
        out.write(head + padded(struct.pack("<2Q", 20, 20)) + padded(path) + struct.pack("<5f", 10, 20, 30, 40, 50))


def check(response):
    data = open(response, "rb").read()
    assert struct.unpack("<QiI", data[:16]) == (int.from_bytes(b"INGRES1", "little"), 0, 1), data[:16]
    assert struct.unpack("<5f", data[64:84]) == (22.0, 88.0, 198.0, 352.0, 550.0)


{"write": write, "check": check}[sys.argv[1]](*sys.argv[2:])
