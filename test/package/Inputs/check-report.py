"""Checks report.json of a build: FOLDER DEVICE FAST_MEMORY_BYTES [BYTES OF STACK THAT A RUN TOOK]."""
import json
import pathlib
import sys

folder, device, fast = pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
report = json.loads((folder / "report.json").read_text())
page = (folder / "report.html").read_text()
steps = [step for entry in report["entries"] for step in entry["steps"]]
assert steps and all(step["unit"] == device and step["kernel"] and step["bytes"] > 0 and step["nodes"] for step in steps), steps
assert f"<td>{device}" in page
memory = report["memory"]
if fast:
    assert memory["fast_memory"] == {"bytes": fast, "holds_arena": True} and "the arena fits" in page, memory
else:
    assert "fast_memory" not in memory, memory
    assert 0 < memory["arena_live_bytes"] <= memory["arena_planned_bytes"] <= 1.1 * memory["arena_live_bytes"], memory
    assert f"(live at once at least {memory['arena_live_bytes']})" in page
assert 0 < memory["stack_bytes"] < 64 << 10, memory
if len(sys.argv) > 4:
    used = int(sys.argv[4])
    assert memory["stack_bytes"] / 2 <= used <= memory["stack_bytes"] + 2048, (used, memory)
