"""Searching the designs of a space: as the command line does it, and with an accuracy of one's own."""

import math
import unittest

import numpy as np

import ridgeline
from support import command_json, command_line, folder


def stable(document):
    """What does not depend on how fast the machine is, or on where files are."""
    return {key: value for key, value in document.items() if key not in ("seconds", "out")}


class Search(unittest.TestCase):
    def test_keywords_are_the_options_of_the_command(self):
        found = ridgeline.search_designs("bert-grid", devices=["raspberry-pi-4", "jetson-nano-gpu"], clock="all",
                                         objective=["energy", "capacity"], constraint="latency<=300ms",
                                         calibration="none", evaluations=600, seed=4, threads=1)
        document = command_json("search", "--space", "bert-grid", "--devices", "raspberry-pi-4,jetson-nano-gpu",
                                "--clock", "all", "--objective", "energy,capacity", "--constraint", "latency<=300ms",
                                "--calibration", "none", "--evaluations", "600", "--seed", "4", "--threads", "1")
        self.assertEqual(stable(found.document), stable(document))
        records = found.records
        self.assertEqual(records["number"].tolist(), [d["number"] for d in document["designs"]])
        self.assertEqual(records["latency_s"].tolist(), [d["latency"]["value"] for d in document["designs"]])
        self.assertLessEqual(records["latency_s"].max(), 0.3)
        self.assertTrue(np.isnan(records["accuracy"]).all())
        self.assertEqual(found.knee, document["knee"])
        self.assertEqual(found.choices(1), document["designs"][0]["choices"])
        self.assertIn(f"{len(records)} by energy, capacity", repr(found))

    def test_an_accuracy_of_ones_own(self):
        asked = []

        def accuracy(model):
            asked.append(model.parameters)
            return 1 - 1 / math.log(model.parameters)

        found = ridgeline.search_designs("bert-grid", devices="raspberry-pi-4", objective="latency,accuracy",
                                         accuracy=accuracy, evaluations=400, seed=2)
        self.assertTrue(asked)
        for design in found.document["designs"]:
            expected = 1 - 1 / math.log(design["parameters"])
            self.assertAlmostEqual(design["accuracy"], expected, 12)
            self.assertAlmostEqual(design["objectives"][1], 1 - expected, 12)
        self.assertEqual(found.document["accuracy_source"]["source"], "a Python function")
        best = ridgeline.search_designs("bert-grid", devices="raspberry-pi-4", objective="latency",
                                        constraint="accuracy>=0.94", accuracy=accuracy, evaluations=400, seed=2)
        self.assertGreaterEqual(best.records["accuracy"].min(), 0.94)

    def test_a_front_of_ones_own_accuracy_is_explained(self):
        with folder() as path:
            front = f"{path}/front.h5"
            found = ridgeline.search_designs("bert-grid", devices=["raspberry-pi-4", "t4"],
                                             objective=["latency", "accuracy"], constraint="accuracy>=0.5",
                                             accuracy=lambda model: 1 - model.parameters ** -0.15, evaluations=400,
                                             out=front)
            number = found.knee
            explained = command_json("explain", front, "--design", str(number))
            accuracy = found.records["accuracy"][number - 1]
            self.assertFalse(explained["changed_since"])
            self.assertEqual(explained["accuracy"], {"value": accuracy, "source": "a Python function",
                                                     "predicted": False})
            for change in explained["changes"]:
                latency, loss = change["ratios"]
                self.assertGreater(latency, 0)
                self.assertEqual(loss, 1 if change["choice"] == "deployment" else None)
            for neighbour in explained["neighbours"]:
                self.assertNotIn(None, neighbour["ratios"])
            text = command_line("explain", front).stdout
            self.assertIn("a Python function, the user's own", text)
            self.assertIn("not known: it takes the accuracy of other models", " ".join(text.split()))
            self.assertNotIn("measured", text)

    def test_models_are_asked_about_once(self):
        asked = []

        def accuracy(model):
            asked.append(model)
            return 0.5

        ridgeline.search_designs("bert-grid", devices=["raspberry-pi-4", "t4", "a100-sxm-40gb"],
                                 objective=["latency", "accuracy"], accuracy=accuracy, evaluations=600)
        self.assertEqual(len(asked), len(set(asked)))

    def test_what_the_function_raises_comes_through(self):
        def fails(model):
            raise RuntimeError(f"no idea of {model.parameters}")

        with self.assertRaisesRegex(RuntimeError, "no idea of"):
            ridgeline.search_designs("bert-grid", devices="t4", objective="latency,accuracy", accuracy=fails,
                                     evaluations=300)
        with self.assertRaisesRegex(ridgeline.Error, "is 7; expected a number from 0 to 1"):
            ridgeline.search_designs("bert-grid", devices="t4", objective="latency,accuracy", accuracy=lambda m: 7,
                                     evaluations=300)

    def test_variables_files_and_complaints(self):
        with folder() as path:
            front, page = f"{path}/front.h5", f"{path}/front.html"
            found = ridgeline.search_designs("bert-grid", devices="jetson-nano-gpu", objective="energy,capacity",
                                             vary={"clock": "x0.5..x1"}, evaluations=300, out=front, html=page)
            self.assertTrue(any(found.records["settings"] != ""))
            self.assertEqual(ridgeline.read_store(front).kind, "front")
            self.assertEqual(command_line("explain", front).returncode, 0)
            with open(page, encoding="utf-8") as file:
                self.assertIn("ridgeline.search/1", file.read())
        with self.assertRaises(ridgeline.InputError) as caught:
            ridgeline.search_designs("bert-grad")
        self.assertEqual(command_line("search", "--space", "bert-grad").stderr, f"error: {caught.exception}\n")
        with self.assertRaises(ridgeline.InputError) as caught:
            ridgeline.search_designs("bert-grid", objective="speed")
        self.assertEqual(command_line("search", "--space", "bert-grid", "--objective", "speed").stderr,
                         f"error: {caught.exception}\n")


if __name__ == "__main__":
    unittest.main()
