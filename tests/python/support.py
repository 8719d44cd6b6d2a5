"""What the tests of the Python module share."""

import json
import os
import pathlib
import subprocess
import tempfile

SOURCE = pathlib.Path(os.environ["RIDGELINE_SOURCE_DIR"])
PROGRAM = os.environ["RIDGELINE_PROGRAM"]


def command_line(*words):
    """The program's output, errors and exit code."""
    return subprocess.run([PROGRAM, *words], capture_output=True, text=True, check=False)


def command_json(*words):
    done = command_line(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def campaign(folder, rows=40):
    """A table of invented measurements: bert-tiny on a Raspberry Pi 4, about 2 ms and 0.06 ms a token."""
    lines = ["model,device,runtime,length,latency [ms],order"]
    for i in range(rows):
        length = 8 * (1 + (i * 7) % 20)
        spread = 1 + 0.003 * ((i * 5) % 7 - 3)
        lines.append(f"bert-tiny,raspberry-pi-4,pytorch-eager,{length},{(2 + 0.06 * length) * spread:.5f},{i}")
    file = pathlib.Path(folder) / "campaign.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def folder():
    return tempfile.TemporaryDirectory(prefix="ridgeline-python-")
