"""Measurements, calibrations, validations and stores through the module."""

import pathlib
import unittest

import h5py
import numpy as np
import pandas

import ridgeline
from support import SOURCE, campaign, command_json, folder


class Measured(unittest.TestCase):
    def setUp(self):
        self.folder = folder()
        self.path = pathlib.Path(self.folder.name)
        self.data = campaign(self.path)

    def tearDown(self):
        self.folder.cleanup()

    def test_sets_are_read_as_records(self):
        (measured,) = ridgeline.read_measurements(self.data)
        self.assertEqual((len(measured), measured.device, measured.ordered), (40, "raspberry-pi-4", True))
        frame = pandas.DataFrame(ridgeline.rows(measured))
        self.assertEqual(frame["length"][1], 64)
        self.assertAlmostEqual(frame["latency_s"][0], (2 + 0.06 * 8) * 0.991 / 1000, 9)
        self.assertTrue(frame["energy_J"].isna().all())
        self.assertEqual(measured.model(0), ridgeline.model("bert-tiny"))
        with self.assertRaises(IndexError):
            measured.model(40)

    def test_sets_come_back_from_a_store(self):
        sets = ridgeline.read_measurements([SOURCE / "examples" / "measurements.csv", self.data])
        ridgeline.write_measurements(self.path / "sets.h5", sets)
        again = ridgeline.read_measurements(self.path / "sets.h5")
        self.assertEqual([repr(s) for s in again], [repr(s) for s in sets])
        for old, new in zip(sets, again):
            pandas.testing.assert_frame_equal(*(pandas.DataFrame(ridgeline.rows(s)) for s in (old, new)))
        with h5py.File(self.path / "sets.h5") as stored:
            self.assertEqual(stored.attrs["ridgeline_kind"], "measurements")

    def test_a_calibration_is_that_of_the_command_line_and_serves_estimates(self):
        out = self.path / "pi.h5"
        made = ridgeline.calibrate("raspberry-pi-4", self.data, predictor="analytic", out=out)
        document = command_json("calibrate", "--device", "raspberry-pi-4", "--data", str(self.data), "--predictor",
                                "analytic")
        self.assertEqual({**made.document, "out": None}, document)
        self.assertEqual(made.parameters["parameter"].tolist(), [p["parameter"] for p in document["parameters"]])
        self.assertTrue(made.parameters["determined"].any())
        self.assertRegex(repr(made), r"40 rows; held-out latency error [0-9.]+ %, data sheet [0-9.]+ %>$")

        sheet, fitted = (ridgeline.estimate("bert-tiny", "raspberry-pi-4", length=96, calibration=c)
                         for c in ("none", out))
        truth = (2 + 0.06 * 96) / 1000
        self.assertLess(abs(fitted.latency.value / truth - 1), abs(sheet.latency.value / truth - 1))
        self.assertEqual(fitted.latency.origin, "calibrated")

    def test_a_store_can_be_read_and_written(self):
        out = self.path / "pi.h5"
        ridgeline.calibrate("raspberry-pi-4", self.data, predictor="analytic", out=out)
        store = ridgeline.read_store(out)
        self.assertEqual(store.kind, "calibration")
        self.assertIn("measured_test.py", store.provenance["command"])
        copy = self.path / "copy.h5"
        ridgeline.write_store(copy, store.kind, store.root)
        again = ridgeline.read_store(copy)
        self.assertEqual(repr(again.root), repr(store.root))
        values, unit = next(iter(store.root.arrays.values()))
        np.testing.assert_array_equal(again.root.arrays[next(iter(store.root.arrays))][0], values)
        self.assertIsInstance(unit, str)
        made = [ridgeline.estimate("bert-tiny", "raspberry-pi-4", calibration=file).latency.value for file in
                (out, copy)]
        self.assertEqual(*made)
        copy.write_bytes(copy.read_bytes()[:-1])
        with self.assertRaises(ridgeline.InputError):
            ridgeline.read_store(copy)

    def test_a_store_of_ones_own(self):
        root = ridgeline.Group(attributes={"about": "invented"}, texts={"names": ["a", "b"]},
                               arrays={"times": (np.arange(6).reshape(2, 3) / 10, "s")},
                               groups={"inner": ridgeline.Group()})
        ridgeline.write_store(self.path / "own.h5", "front", root)
        again = ridgeline.read_store(self.path / "own.h5").root
        self.assertEqual((again.attributes, again.texts, list(again.groups)), (root.attributes, root.texts, ["inner"]))
        np.testing.assert_array_equal(again.arrays["times"][0], root.arrays["times"][0])
        self.assertEqual(again.arrays["times"][1], "s")

    def test_a_validation_is_that_of_the_command_line(self):
        made = ridgeline.validate("raspberry-pi-4", self.data, calibrate_on=0.5, predictor="analytic", seed=3)
        document = command_json("validate", "--device", "raspberry-pi-4", "--data", str(self.data), "--calibrate-on",
                                "0.5", "--predictor", "analytic", "--seed", "3")
        self.assertEqual(made.document, document)
        self.assertEqual(len(made.rows), document["rows"])
        columns = made.rows.dtype.names
        self.assertIn("id", columns)
        self.assertIn("mean absolute relative error: latency ", repr(made))


if __name__ == "__main__":
    unittest.main()
