"""Many models at once: equal to single estimates, free of the interpreter's lock, stopped by Ctrl-C."""

import subprocess
import sys
import unittest

import numpy as np
import pandas

import ridgeline

NAMES = ["bert-tiny", "bert-mini", "bert-base", "distilbert", "mobilebert", "bert-large"]

# A row repeated without memory: 2^24 rows of figures are half a gigabyte, written while they are computed.
LONG_CALL = """
import resource, ridgeline, numpy as np
estimator = ridgeline.Estimator("t4")
rows = np.broadcast_to(estimator.encode(["bert-base"]), (1 << 24,))
def resident():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = resident()
"""


def run(script):
    return subprocess.run([sys.executable, "-c", LONG_CALL + script], capture_output=True, text=True, check=False)


class Batch(unittest.TestCase):
    def test_rows_equal_single_estimates(self):
        for device, keywords in (("raspberry-pi-4", {}), ("t4", {"precision": "fp16", "batch": 8, "clock": "1GHz"})):
            made = ridgeline.estimate_batch(NAMES, device, calibration="none", **keywords)
            for name, row in zip(NAMES, made):
                one = ridgeline.estimate(name, device, task="encode", length=128, calibration="none", **keywords)
                for column, figure in (("latency_s", one.latency), ("energy_J", one.energy),
                                       ("peak_power_W", one.peak_power), ("memory_B", one.memory)):
                    self.assertAlmostEqual(row[column] / figure.value, 1, 8, (device, name, column))

    def test_rows_are_an_array(self):
        estimator = ridgeline.Estimator("t4")
        rows = estimator.encode(NAMES)
        made = estimator.evaluate(rows)
        self.assertEqual(made.dtype.names, ("latency_s", "energy_J", "peak_power_W", "memory_B"))
        order = np.array([5, 0, 0, 3])
        np.testing.assert_array_equal(estimator.evaluate(rows[order]), made[order])
        np.testing.assert_array_equal(estimator.evaluate(rows[::2], threads=2), made[::2])
        self.assertEqual(list(pandas.DataFrame(made).columns), list(made.dtype.names))
        self.assertEqual(len(estimator.evaluate(rows[:0])), 0)

    def test_half_the_figures_cost_less_and_say_so(self):
        estimator = ridgeline.Estimator("t4")
        rows = estimator.encode(NAMES)
        half, full = (estimator.evaluate(rows, full=full) for full in (False, True))
        np.testing.assert_array_equal(half["latency_s"], full["latency_s"])
        self.assertTrue(np.isnan(half["memory_B"]).all())

    def test_dicts_are_models(self):
        model = {"model_type": "bert", "hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2,
                 "intermediate_size": 512, "vocab_size": 30522, "max_position_embeddings": 512, "type_vocab_size": 2}
        made = ridgeline.estimate_batch([model, {**model, "num_hidden_layers": 4}], "t4")
        self.assertLess(made["latency_s"][0], made["latency_s"][1])

    def test_no_power_data_is_nan(self):
        without = [d.name for d in ridgeline.devices() if d.power_limit_W is None]
        self.assertTrue(without)
        self.assertTrue(np.isnan(ridgeline.estimate_batch(["bert-tiny"], without[0])["energy_J"]).all())

    def test_rows_of_another_estimator_are_refused(self):
        small, large = ridgeline.Estimator("t4"), ridgeline.Estimator("t4")
        small.encode(["bert-tiny"])
        with self.assertRaisesRegex(ridgeline.Error, "row 1 of the encoded array holds block"):
            small.evaluate(large.encode(["bert-tiny", "mobilebert"]))

    def test_generation_has_several_phases_and_is_refused(self):
        with self.assertRaises(ridgeline.Error):
            ridgeline.Estimator("t4", task="generate")

    def test_the_basis_is_named(self):
        self.assertIn("data sheets alone", ridgeline.Estimator("t4", calibration="none").basis)
        self.assertIn("batch 1, length 128 tokens, fp32, pytorch-eager", repr(ridgeline.Estimator("t4")))

    def test_the_interpreter_runs_meanwhile(self):
        done = run("""
import os, threading
returned = threading.Event()
thread = threading.Thread(target=lambda: (estimator.evaluate(rows), returned.set()), daemon=True)
thread.start()
while resident() < before + (64 << 20) and not returned.is_set():
    pass
print("returned" if returned.is_set() else "meanwhile", flush=True)
os._exit(0)
""")
        self.assertEqual(done.stdout, "meanwhile\n", done.stderr)

    def test_ctrl_c_stops_it_in_the_middle(self):
        done = run("""
import os, signal, threading
def interrupt():
    while resident() < before + (64 << 20):
        pass
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=interrupt, daemon=True).start()
try:
    estimator.evaluate(rows, threads=1)
except KeyboardInterrupt:
    print("early" if resident() < before + (400 << 20) else "at the end")
""")
        self.assertEqual(done.stdout, "early\n", done.stderr)


class Spaces(unittest.TestCase):
    def test_designs_equal_single_estimates(self):
        space = ridgeline.Space("flexibert2")
        genomes = space.sample(20, seed=5, balanced=True)
        self.assertEqual(genomes.shape, (20, len(space.genes)))
        self.assertTrue((genomes < np.array(space.values)).all())
        found = ridgeline.SpaceEstimator(space, "t4", calibration="none").evaluate(genomes)
        for genome, row in list(zip(genomes, found))[:5]:
            model = space.model(genome)
            one = ridgeline.estimate(model, "t4", calibration="none")
            self.assertAlmostEqual(row["latency_s"] / one.latency.value, 1, 8)
            self.assertAlmostEqual(row["energy_J"] / one.energy.value, 1, 8)
            self.assertAlmostEqual(row["memory_B"] / one.memory.value, 1, 8)
            self.assertEqual(row["parameters"], model.parameters)

    def test_samples_are_a_function_of_the_seed(self):
        for name in ridgeline.space_names():
            space = ridgeline.Space(name)
            np.testing.assert_array_equal(space.sample(9, seed=3), space.sample(9, seed=3))
            self.assertGreater(space.size, 100)
            self.assertTrue(space.choices(space.sample(1)[0]))

    def test_a_search_finds_what_enumeration_finds(self):
        space = ridgeline.Space("hat")
        pool = space.sample(4000, seed=2, balanced=True)

        def objective(genomes):
            made = genomes.astype(float)
            return np.stack([made.sum(axis=1), ((made - np.array(space.values)) ** 2).sum(axis=1)], axis=1)

        front = ridgeline.search(space, ["sum", "distance"], objective, evaluations=4000, seed=4)
        self.assertEqual(front.evaluations, 4000)
        np.testing.assert_array_equal(objective(front.genomes), front.objectives)
        self.assertTrue((np.diff(front.records["sum"]) > 0).all())
        self.assertTrue((np.diff(front.records["distance"]) < 0).all())
        best = objective(pool)
        dominated = [((front.objectives <= value).all(axis=1)).any() for value in best]
        self.assertGreater(np.mean(dominated), 0.99)
        again = ridgeline.search(space, ["sum", "distance"], objective, evaluations=4000, seed=4)
        np.testing.assert_array_equal(again.genomes, front.genomes)

    def test_a_search_keeps_constraints_and_passes_errors_on(self):
        space = ridgeline.Space("hat")

        def limited(genomes):
            made = genomes.sum(axis=1).astype(float)
            return made[:, None], np.maximum(0, 12 - made)

        front = ridgeline.search(space, ["sum"], limited, evaluations=3000)
        self.assertEqual(front.objectives.min(), 12)
        with self.assertRaisesRegex(ZeroDivisionError, "division"):
            ridgeline.search(space, ["x"], lambda genomes: 1 / 0, evaluations=100)
        with self.assertRaisesRegex(ridgeline.Error, "rows of 2 numbers"):
            ridgeline.search(space, ["x", "y"], lambda genomes: np.zeros((len(genomes), 1)), evaluations=100)
        unknown = ridgeline.search(space, ["x"], lambda genomes: np.full((len(genomes), 1), np.nan), evaluations=100,
                                   population=20)
        self.assertEqual(len(unknown.genomes), 0)

    def test_wrong_genomes_are_refused(self):
        space = ridgeline.Space("flexibert2")
        estimator = ridgeline.SpaceEstimator(space, "t4")
        genomes = space.sample(3)
        genomes[1, 0] = 999
        with self.assertRaisesRegex(ridgeline.Error, "row 1 of the genomes: .* is 999, of 0 to"):
            estimator.evaluate(genomes)
        with self.assertRaisesRegex(ridgeline.Error, "rows of"):
            estimator.evaluate(genomes[:, :3])
        with self.assertRaises(ridgeline.InputError):
            ridgeline.Space("flexibert3")


if __name__ == "__main__":
    unittest.main()
