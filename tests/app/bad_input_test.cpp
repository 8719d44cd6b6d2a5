// Wrong input from a user: the exact message, exit code 2, nothing on stdout and nothing written.
#include <gtest/gtest.h>

#include "tests/app/support.hpp"

namespace ridgeline {
namespace {

class BadInput : public testing::Test {
 protected:
  /// What `line` complains about; `--out` shows that nothing is written.
  std::string complaint(const std::string& line) {
    const std::size_t before = entries();
    const RunResult result = run_line(line + " --out '" + (folder_ / "out.txt").string() + "'");
    EXPECT_EQ(result.exit_code, 2) << line;
    EXPECT_EQ(result.out, "") << line;
    EXPECT_EQ(entries(), before) << line << " wrote something";
    return result.err;
  }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder_.path()), {}));
  }
  std::string on_pi(const std::string& model) { return "estimate " + model + " --device raspberry-pi-4"; }

  TemporaryFolder folder_;
};

TEST_F(BadInput, MissingFiles) {
  EXPECT_EQ(complaint(on_pi("./nothing.yaml")),
            "error: ./nothing.yaml: cannot open the file: No such file or directory\n");
  EXPECT_EQ(complaint("estimate bert-base --device ./nothing.yaml"),
            "error: ./nothing.yaml: cannot open the file: No such file or directory\n");
}

TEST_F(BadInput, MalformedFilesNameLineAndColumn) {
  const std::string json =
      folder_.write("config.json", "{\n  \"model_type\": \"bert\",\n  \"hidden_size\": 768,,\n}");
  EXPECT_EQ(complaint(on_pi(json)),
            "error: " + json +
                ":3:22: malformed JSON: syntax error while parsing object key - unexpected ','; expected "
                "string literal\n");
  const std::string yaml = folder_.write("board.yaml", "name: x\ntitle: [a, b\nkind: cpu\n");
  EXPECT_EQ(complaint("estimate bert-base --device " + yaml),
            "error: " + yaml + ":3:5: title: malformed YAML: end of sequence flow not found\n");
}

TEST_F(BadInput, UnknownNamesGiveTheNearest) {
  const std::string models =
      "a model is a name of the zoo (`ridgeline models` lists them), a file, or a folder with a config.json\n";
  EXPECT_EQ(complaint(on_pi("bert-bsae")), "error: unknown model 'bert-bsae'; did you mean 'bert-base'? " + models);
  EXPECT_EQ(complaint("estimate bert-base --device raspbery-pi-4").substr(0, 73),
            "error: unknown device 'raspbery-pi-4'; did you mean 'raspberry-pi-4'? the");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --runtime tensort").substr(0, 62),
            "error: unknown runtime 'tensort'; did you mean 'tensorrt'? the");
  EXPECT_EQ(complaint("devices t5").substr(0, 47), "error: unknown device 't5'; did you mean 't4'? ");
  EXPECT_EQ(complaint("runtimes tflit").substr(0, 54), "error: unknown runtime 'tflit'; did you mean 'tflite'?");
  EXPECT_EQ(complaint("models gpt3"), "error: unknown model 'gpt3'; did you mean 'gpt2'? " + models);
}

TEST_F(BadInput, AnAmbiguousDeviceAsksWhichOne) {
  EXPECT_EQ(complaint("estimate bert-base --device jetson-nano"),
            "error: ambiguous device 'jetson-nano'; choose one of: jetson-nano-cpu, jetson-nano-gpu\n");
}

TEST_F(BadInput, UnknownKeys) {
  const std::string config = folder_.write("config.json", R"({"model_type": "bert", "hiden_size": 768})");
  EXPECT_EQ(complaint(on_pi(config)),
            "error: " + config + ":1:38: hiden_size: unknown key; did you mean 'hidden_size'?\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --set dram.bandwith=x2"),
            "error: --set: dram.bandwith: unknown key; did you mean 'dram.bandwidth'?\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --set runtime.dispatch.kernal=x2"),
            "error: --set runtime: dispatch.kernal: unknown key; did you mean 'dispatch.kernel'?\n");
}

TEST_F(BadInput, WhatIfsAreCheckedLikeFiles) {
  EXPECT_EQ(complaint(on_pi("bert-base") + " --set dram.bandwidth=25W").substr(0, 80),
            "error: --set: memory.dram.bandwidth: wrong unit: expected B/s, found '25W' (W)\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --set dram.bandwidth=25"),
            "error: --set: memory.dram.bandwidth: missing unit: expected B/s, found '25'\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --set units=-4"),
            "error: --set: units: expected an integer from 1 to 100000, found '-4'\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --clock 9GHz"),
            "error: raspberry-pi-4: clock: clock of 9.000 GHz is out of range; raspberry-pi-4 runs from 600.0 MHz to "
            "1.500 GHz\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --clock fast"),
            "error: --clock: expected a number and a unit (Hz), found 'fast'\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --clock 1GHz --set clock=600MHz"),
            "error: --set: clock: the clock is set twice\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --power-mode 5W"),
            "error: raspberry-pi-4: power_modes: no power mode '5W'; raspberry-pi-4 has no power modes\n");
}

TEST_F(BadInput, UnsupportedPrecisions) {
  EXPECT_EQ(complaint("estimate bert-base --device ncs2 --precision fp32"),
            "error: ncs2: unsupported precision 'fp32'; ncs2 computes in fp16, int8, int4\n");
}

TEST_F(BadInput, AbsurdSizes) {
  const std::string config =
      folder_.write("config.json", R"({"model_type": "bert", "hidden_size": 770, "num_attention_heads": 12})");
  EXPECT_EQ(complaint(on_pi(config)),
            "error: " + config + ":1:67: num_attention_heads: 12 heads do not divide hidden_size 770\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --length 513"),
            "error: bert-base: 513 positions are more than the model's 512\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --length 1000000000000"),
            "error: --length: expected a whole number from 1 to 1000000, found '1000000000000'\n");
}

TEST_F(BadInput, NothingIsNoSize) {
  EXPECT_EQ(complaint(on_pi("bert-base") + " --length 0"),
            "error: --length: expected a whole number from 1 to 1000000, found '0'\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --batch 0"),
            "error: --batch: expected a whole number from 1 to 1000000, found '0'\n");
}

TEST_F(BadInput, ListsOfUnequalLength) {
  const std::string model = folder_.write(
      "model.json", R"({"l": 2, "o": [["sa_sdp_64", "sa_sdp_64"]], "h": [128, 128], "f": [[512], [512]]})");
  EXPECT_EQ(complaint(on_pi(model)),
            "error: " + model + ":1:15: o: 1 entries for 2 layers; l is the number of layers\n");
}

TEST_F(BadInput, UnknownModelTypesAreShownAWayOut) {
  const std::string config = folder_.write("config.json", R"({"model_type":"bloom"})");
  EXPECT_EQ(
      complaint(on_pi(config)),
      "error: " + config +
          ":1:15: model_type: unknown model_type 'bloom'; supported are: albert, bert, convbert, distilbert, "
          "electra, fnet, gpt2, llama, mistral, mobilebert, opt, qwen2, roberta, squeezebert, "
          "switch_transformers, t5, vit; write the model in Ridgeline's own YAML (docs/models.md), for example:\n"
          "  ridgeline: model\n"
          "  embeddings: {vocabulary: 32000}\n"
          "  decoder:   # or encoder:\n"
          "    width: 768\n"
          "    layers: 12\n"
          "    attention: {heads: 12}\n"
          "    feed_forward: [3072]\n"
          "  head: {language_model: true}\n");
}

TEST_F(BadInput, TasksThatTheModelCannotDo) {
  EXPECT_EQ(complaint(on_pi("bert-base") + " --task generate"),
            "error: bert-base: cannot generate: it is an encoder-only model\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --new-tokens 5"),
            "error: --new-tokens: goes with --task generate, not with encode\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --beams 4"),
            "error: --beams: goes with --task generate, prefill and decode, not with encode\n");
}

TEST_F(BadInput, OptionsThatMeanNothingTogether) {
  EXPECT_EQ(complaint(on_pi("bert-base") + " --csv --json"), "error: --csv and --json exclude one another\n");
  EXPECT_EQ(complaint(on_pi("bert-base") + " --gate upper"),
            "error: --gate: there is no limit to compare with; give --max-latency, --max-energy, --max-power or "
            "--max-memory\n");
}

TEST_F(BadInput, CalibrationsThatCannotBeRead) {
  EXPECT_EQ(complaint(on_pi("bert-base") + " --calibration pi.h5"),
            "error: pi.h5: cannot open the file: No such file or directory\n");
}

TEST_F(BadInput, OutputsThatCannotBeWritten) {
  const RunResult result = run_line("devices --out '" + (folder_ / "no").string() + "/file'");
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err,
            "error: " + (folder_ / "no").string() + "/file: cannot be written: No such file or directory\n");
  EXPECT_EQ(run_line("devices --log-file '" + (folder_ / "no").string() + "/log'").exit_code, 0)
      << "spdlog creates missing folders";
}

TEST_F(BadInput, ACommandThatFailsLeavesItsOutputAsItWas) {
  const std::string out = folder_.write("out.json", "precious");
  EXPECT_EQ(run_line(on_pi("bert-bsae") + " --json --out '" + out + "'").exit_code, 2);
  std::ifstream in(out);
  std::string content;
  std::getline(in, content);
  EXPECT_EQ(content, "precious");
}

TEST_F(BadInput, AProbeNeedsANameThatIsAWord) {
  EXPECT_EQ(complaint("probe --name 'My Board'"),
            "error: --name: expected a word of a-z, 0-9, '-' and '.', found 'My Board'\n");
}

}  // namespace
}  // namespace ridgeline
