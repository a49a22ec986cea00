"""Reports of the builds exact, bf16 and f16 of one model: weights of rounded products take half of the bytes, f16 errs less than bf16."""
import json
import sys

report = {p: json.load(open(f"{sys.argv[1]}/{p}/report.json")) for p in ("exact", "bf16", "f16")}
weights = {p: r["artifacts"]["weights_bytes"] for p, r in report.items()}
errors = {p: max(o["relative_error"] for o in report[p]["operands"]["outputs"]) for p in ("bf16", "f16")}
assert "operands" not in report["exact"]
assert weights["bf16"] < 0.6 * weights["exact"] and weights["f16"] < 0.6 * weights["exact"], weights
assert 0 < errors["f16"] < errors["bf16"] < 0.05, errors
assert all(row["ok"] for r in report.values() for row in r["verify"])
assert any("bf16" in k["name"] for k in report["bf16"]["kernels"]), report["bf16"]["kernels"]
