"""Reads the JSON of `ingot conform` over faulty models: every kind of fault must be there and must be found. FILE.json"""
import collections
import json
import sys

from faults import FAULTS

found, missed = collections.Counter(), []
for case in json.load(open(sys.argv[1]))["cases"]:
    kind = case["name"].split("/")[-1].removeprefix("wrong-").rsplit("-", 1)[0]
    if case["status"] == "passed":
        missed.append(case["name"])
    else:
        found[kind] += 1
print(len(found), "kinds of faults found;", sum(found.values()), "models;", "missed:", missed)
sys.exit(bool(missed) or set(found) != set(FAULTS) or len(FAULTS) < 20)
