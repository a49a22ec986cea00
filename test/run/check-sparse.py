# check-sparse.py FOLDER FORM SHARE REASON: the only weight of a build's report has this form and at most that share of its dense bytes, for a reason that
# matches; the kernel and the container hold that much.
import json
import os
import re
import sys

folder, form, share, reason = sys.argv[1:]
report = json.load(open(os.path.join(folder, "report.json")))
(weight,) = report["weights"]
assert weight["form"] == form, weight
assert weight["bytes"] <= float(share) * weight["bytes_dense"], weight
assert re.search(reason, weight["why"]), weight
assert (form == "dense") == any(d["code"] == "IG0204" for d in report["diagnostics"]), report["diagnostics"]
(kernel,) = report["kernels"]
assert kernel["name"].endswith({"dense": ("mul", "mulnd", "conv"), "4x1": "_4x1", "bits": "_bits"}[form]), kernel
inputs, outputs = (sum(io["bytes"] for io in report[key]) for key in ("inputs", "outputs"))
assert kernel["bytes"] <= weight["bytes"] + inputs + outputs + 64 * 1024, kernel
assert os.path.getsize(os.path.join(folder, "model.ingot")) <= weight["bytes"] + 128 * 1024
