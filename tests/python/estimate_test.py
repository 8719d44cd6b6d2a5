"""One model on one device: what the module says is what the command line says."""

import math
import pickle
import sys
import unittest

import numpy as np
import pandas

import ridgeline
from support import command_json, command_line


class Models(unittest.TestCase):
    def test_a_hugging_face_dict_is_the_model_of_the_zoo(self):
        config = {"model_type": "bert", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
                  "intermediate_size": 3072, "vocab_size": 30522, "max_position_embeddings": 512,
                  "type_vocab_size": 2, "hidden_act": "gelu"}
        made = ridgeline.model(config, name="bert-base")
        self.assertEqual(made.name, "bert-base")
        self.assertEqual(made.parameters, ridgeline.model("bert-base").parameters)
        self.assertIn("12 × width 768", made.layers[1][1])

    def test_yaml_text_and_pickles_come_back_equal(self):
        for name in ("bert-base", "gpt2", "t5-small"):
            model = ridgeline.model(name)
            self.assertEqual(ridgeline.model(model.to_yaml(), name=name), model)
            self.assertEqual(pickle.loads(pickle.dumps(model)), model)
            self.assertEqual(hash(pickle.loads(pickle.dumps(model))), hash(model))
        self.assertNotEqual(ridgeline.model("bert-base"), ridgeline.model("bert-large"))
        self.assertNotEqual(ridgeline.model("bert-base"), "bert-base")

    def test_a_repr_counts(self):
        self.assertEqual(repr(ridgeline.model("bert-base")),
                         "<ridgeline.Model bert-base: 12 layers, 109 million parameters>")

    def test_the_zoo_is_listed(self):
        listed = ridgeline.models()
        self.assertEqual(listed, command_json("models")["models"])


class Descriptions(unittest.TestCase):
    def test_devices_are_those_of_the_command_line(self):
        self.assertEqual([d.document for d in ridgeline.devices()], command_json("devices")["devices"])
        t4 = ridgeline.device("t4")
        self.assertEqual(t4.facts, command_json("devices", "t4")["facts"])
        self.assertEqual(t4.power_limit_W, 70)
        self.assertEqual(t4.matrix_peak("bf16").value, None)
        self.assertEqual((t4.matrix_peak("fp16").reason, t4.matrix_peak("bf16").origin), (None, None))
        self.assertIn("memory_bandwidth 320 GB/s", repr(t4))

    def test_runtimes_too(self):
        self.assertEqual([r.document for r in ridgeline.runtimes()], command_json("runtimes")["runtimes"])
        self.assertEqual(ridgeline.runtime("tensorrt").title, command_json("runtimes", "tensorrt")["runtime"]["title"])


class Lowering(unittest.TestCase):
    def test_operators_add_up_to_the_models_work(self):
        work = command_json("models", "bert-base")["work"]
        program = ridgeline.lower("bert-base")
        kinds = ("matrix_FLOP", "vector_FLOP", "transcendental_FLOP")
        total = sum(program.operators[kind].sum() for kind in kinds)
        self.assertAlmostEqual(total / work["flops"]["value"], 1, 12)
        self.assertEqual(program.parameters, ridgeline.model("bert-base").parameters)
        self.assertEqual(program.weights_B, 4 * program.parameters)
        self.assertIn("operators, 22.4 GFLOP, 438 MB of weights", repr(program))

    def test_edges_lead_forward(self):
        program = ridgeline.lower("gpt2", task="generate", length=16, new_tokens=3)
        self.assertTrue((program.edges[:, 0] < program.edges[:, 1]).all())
        self.assertLess(program.edges.max(), len(program.operators))
        self.assertEqual(set(program.operators["phase"]), {"prefill", "decode"})

    def test_a_runtime_that_fuses_leaves_fewer_operators(self):
        eager, compiled = (ridgeline.lower("bert-base", runtime=name) for name in ("pytorch-eager", "tensorrt"))
        self.assertLess(len(compiled.operators), len(eager.operators))

    def test_records_go_into_pandas(self):
        frame = pandas.DataFrame(ridgeline.lower("bert-base").operators)
        self.assertGreater(frame.groupby("kind")["matrix_FLOP"].sum()["matmul"], 0)


class Estimates(unittest.TestCase):
    def test_the_document_is_that_of_the_command_line(self):
        words = ["estimate", "gpt2", "--device", "t4", "--task", "generate", "--length", "64", "--new-tokens", "8",
                 "--precision", "fp16", "--clock", "1GHz", "--set", "dram.bandwidth=x2", "--set",
                 "runtime.dispatch.kernel=x0.5", "--ops"]
        made = ridgeline.estimate("gpt2", "t4", task="generate", length=64, new_tokens=8, precision="fp16",
                                  clock="1GHz", operators=True,
                                  overrides={"dram.bandwidth": "x2", "runtime.dispatch.kernel": "x0.5"})
        self.assertEqual(made.document, command_json(*words))
        self.assertEqual(str(made), command_line(*words).stdout)

    def test_operators_are_records(self):
        made = ridgeline.estimate("bert-base", "raspberry-pi-4", operators=True)
        self.assertEqual(made.operators["duration_s"].size, len(made.document["operators"]))
        self.assertGreater(made.operators["dynamic_energy_J"].sum(), 0)
        self.assertLessEqual(made.operators["duration_s"].sum(), made.latency.value * (1 + 1e-9))

    def test_figures_have_units_intervals_and_reasons(self):
        made = ridgeline.estimate("bert-base", "raspberry-pi-4")
        self.assertEqual(float(made.latency), made.document["latency"]["value"])
        self.assertLess(made.latency.low, made.latency.high)
        self.assertRegex(repr(made.latency), r"^<[0-9.]+ s, [0-9.]+ s to [0-9.]+ s, data sheet>$")
        self.assertRegex(repr(made), r"^<ridgeline.Estimate bert-base on raspberry-pi-4: latency .* s, energy .* J, ")
        self.assertIsNone(made.startup.value)
        self.assertTrue(math.isnan(float(made.startup)))
        self.assertIn("not known", repr(made.startup))

    def test_a_comparison_says_what_cannot_be_estimated(self):
        found = ridgeline.compare(["bert-tiny", "bert-base"], ["t4", ridgeline.device("ncs2")], precision="bf16")
        self.assertEqual([(e.model, e.device) for e in found], [("bert-tiny", "t4"), ("bert-tiny", "ncs2"),
                                                                ("bert-base", "t4"), ("bert-base", "ncs2")])
        document = command_json("compare", "bert-tiny", "bert-base", "--device", "t4,ncs2", "--precision", "bf16")
        self.assertEqual([e.problem for e in found], [e["problem"] for e in document["estimates"]])
        table = ridgeline.table(found)
        self.assertEqual(np.isnan(table["latency_s"]).tolist(), [e.problem is not None for e in found])

    def test_libtorch_is_never_loaded(self):
        ridgeline.estimate("bert-tiny", "t4")
        with open("/proc/self/maps", encoding="utf-8") as maps:
            self.assertNotIn("libtorch", maps.read())
        self.assertNotIn("torch", sys.modules)


if __name__ == "__main__":
    unittest.main()
