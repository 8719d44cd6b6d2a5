"""Every script of python/examples runs, and says what it should."""

import subprocess
import sys
import unittest

from support import SOURCE, folder

EXAMPLES = SOURCE / "python" / "examples"

# A word that the output of each must have.
EXPECTED = {"calibrate_from_csv.py": "held-out error", "compare_devices.py": "raspberry-pi-4",
            "pareto_search.py": "designs by latency_s",
            "what_if_sweep.py": "dram.bandwidth"}


class Examples(unittest.TestCase):
    def test_all_are_listed(self):
        self.assertEqual(sorted(EXPECTED), sorted(file.name for file in EXAMPLES.glob("*.py")))


def example(name):
    def test(self):
        with folder() as path:
            done = subprocess.run([sys.executable, EXAMPLES / name], cwd=path, capture_output=True, text=True,
                                  check=False)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn(EXPECTED[name], done.stdout)

    return test


for script in EXPECTED:
    setattr(Examples, f"test_{script.removesuffix('.py')}", example(script))

if __name__ == "__main__":
    unittest.main()
