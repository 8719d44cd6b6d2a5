"""Wrong input: the exceptions say what the command line says."""

import unittest

import ridgeline
from support import command_line, folder


class Errors(unittest.TestCase):
    def same_text(self, words, call):
        with self.assertRaises(ridgeline.InputError) as caught:
            call()
        self.assertEqual(command_line(*words).stderr, f"error: {caught.exception}\n")
        return caught.exception

    def test_unknown_names(self):
        self.same_text(["estimate", "bert-bse", "--device", "t4"], lambda: ridgeline.estimate("bert-bse", "t4"))
        self.same_text(["estimate", "bert-base", "--device", "t5"], lambda: ridgeline.estimate("bert-base", "t5"))
        self.same_text(["devices", "t5"], lambda: ridgeline.device("t5"))

    def test_wrong_values(self):
        words = ["estimate", "bert-base", "--device", "t4"]
        self.same_text([*words, "--length", "0"], lambda: ridgeline.estimate("bert-base", "t4", length=0))
        self.same_text([*words, "--precision", "fp15"], lambda: ridgeline.estimate("bert-base", "t4",
                                                                                   precision="fp15"))
        self.same_text([*words, "--set", "dram.bandwith=x2"],
                       lambda: ridgeline.estimate("bert-base", "t4", overrides={"dram.bandwith": "x2"}))
        self.same_text([*words, "--new-tokens", "3"], lambda: ridgeline.estimate("bert-base", "t4", new_tokens=3))

    def test_a_comparison_of_nothing_possible(self):
        self.same_text(["compare", "bert-tiny", "--device", "t4,l4", "--runtime", "pytroch"],
                       lambda: ridgeline.compare(["bert-tiny"], ["t4", "l4"], runtime="pytroch"))

    def test_files_with_their_place(self):
        with folder() as path:
            file = f"{path}/model.yaml"
            with open(file, "w", encoding="utf-8") as out:
                out.write("ridgeline: model\nlayrs: 3\n")
            error = self.same_text(["estimate", file, "--device", "t4"], lambda: ridgeline.estimate(file, "t4"))
            self.assertEqual((error.file, error.line, error.column), (file, 2, 1))

    def test_combinations_of_options(self):
        self.same_text(["validate", "--device", "t4", "--data", "x.csv", "--predictor", "analytic"],
                       lambda: ridgeline.validate("t4", "x.csv", predictor="analytic"))
        self.same_text(["calibrate", "--device", "t4", "--data", "x.csv", "--predictor", "datasheet"],
                       lambda: ridgeline.calibrate("t4", "x.csv", predictor="datasheet"))
        self.same_text(["calibrate", "--device", "t4", "--data", "none.csv"],
                       lambda: ridgeline.calibrate("t4", "none.csv"))

    def test_an_input_error_is_an_error_and_a_value_error(self):
        self.assertTrue(issubclass(ridgeline.InputError, ridgeline.Error))
        self.assertTrue(issubclass(ridgeline.InputError, ValueError))
        with self.assertRaises(ridgeline.Error) as caught:
            ridgeline.lower("bert-base", task="decode")
        self.assertIn("bert-base", str(caught.exception))

    def test_unknown_keywords(self):
        with self.assertRaisesRegex(TypeError, "lenght"):
            ridgeline.estimate("bert-base", "t4", lenght=3)
        with self.assertRaisesRegex(TypeError, "unknown keyword 'lenght'; did you mean 'length'?"):
            ridgeline._ridgeline.run("models", ["gpt2"], {"lenght": 3}, "")


if __name__ == "__main__":
    unittest.main()
