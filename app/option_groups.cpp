#include "app/option_groups.hpp"

#include <fmt/format.h>

#include "app/arguments.hpp"
#include "app/command.hpp"

namespace ridgeline {

void add_output(OptionSet& set, Output& output) {
  const std::string group = "Output";
  const auto choose = [&output](Output wanted) {
    if (output != Output::text && output != wanted) refuse("", "--csv and --json exclude one another");
    output = wanted;
  };
  set.flag(group, "--csv", "a table with a header line", [choose] { choose(Output::csv); });
  set.flag(group, "--json", "JSON, versioned: docs/json.md", [choose] { choose(Output::json); });
}

void add_html(OptionSet& set, std::string& file) {
  set.value("Output", "--html", "FILE", "a report for the browser, one file that needs no network: docs/reports.md",
            file);
}

void add_workload(OptionSet& set, WorkloadOptions& w) {
  const std::string group = "Workload";
  set.value(group, "--task", "TASK",
            "encode, prefill, decode (one step), generate or train (one step); default: encode, or generate for "
            "encoder-decoders",
            [&w](const std::string& s) { w.task = parse_task("--task", s); });
  set.value(group, "--batch", "N", "sequences at once; default 1",
            [&w](const std::string& s) { w.batch = parse_count("--batch", s, 1, 1'000'000); });
  set.value(group, "--length", "N",
            "tokens of each sequence; decode: tokens already in the cache; default 128, or what the model takes",
            [&w](const std::string& s) { w.length = parse_count("--length", s, 1, 1'000'000); });
  set.value(group, "--new-tokens", "N", "tokens to generate; default 32",
            [&w](const std::string& s) { w.new_tokens = parse_count("--new-tokens", s, 1, 1'000'000); });
  set.value(group, "--beams", "N", "beams of the search when generating; default 1",
            [&w](const std::string& s) { w.beams = parse_count("--beams", s, 1, 64); });
  set.value(group, "--precision", "FORMAT",
            "fp32, tf32, fp16, bf16, int8 or int4 (weights only); default fp32, or the best that the device has",
            [&w](const std::string& s) { w.precision = parse_precision_argument("--precision", s); });
  set.value(group, "--weights-precision", "FORMAT", "how weights are stored, when it differs",
            [&w](const std::string& s) { w.weights_precision = parse_precision_argument("--weights-precision", s); });
  set.value(group, "--cache-precision", "FORMAT", "how the key/value cache is stored, when it differs",
            [&w](const std::string& s) { w.cache_precision = parse_precision_argument("--cache-precision", s); });
  set.value(group, "--fusion", "KIND", "none, typical or flash-attention; default: the runtime's",
            [&w](const std::string& s) { w.fusion = parse_fusion("--fusion", s); });
}

void add_what_if(OptionSet& set, WhatIfOptions& w) {
  const std::string group = "What if";
  set.value(group, "--runtime", "NAME", "software that runs the model (ridgeline runtimes)", w.runtime);
  set.value(group, "--clock", "CLOCK", "600MHz, or x0.5 of the nominal clock", w.clock);
  set.value(group, "--power-mode", "NAME", "a power mode of the device", w.power_mode);
  set.repeatable(
      group, "--set", "KEY=VALUE",
      "any key of the device's description, or runtime.KEY of the runtime's: dram.bandwidth=x2; repeatable",
      [&w](const Words& words) {
        for (const std::string& word : words) w.overrides.push_back(parse_override("--set", word));
      });
  set.value(group, "--calibration", "FILE",
            "parameters fitted on a board; none: data sheets alone; default shipped: Ridgeline's own, where there is "
            "one of exactly this device, runtime, precision and power mode",
            w.calibration);
}

void add_gates(OptionSet& set, Gates& g) {
  const std::string group = "Gates (exit code 3 when exceeded, or when the model does not fit)";
  set.value(group, "--max-latency", "TIME", "of one batch, e.g. 500ms",
            [&g](const std::string& s) { read_positive("--max-latency", s, g.latency); });
  set.value(group, "--max-energy", "ENERGY", "of one batch, e.g. 2J",
            [&g](const std::string& s) { read_positive("--max-energy", s, g.energy); });
  set.value(group, "--max-power", "POWER", "peak power, e.g. 10W",
            [&g](const std::string& s) { read_positive("--max-power", s, g.power); });
  set.value(group, "--max-memory", "SIZE", "e.g. 512MiB",
            [&g](const std::string& s) { read_positive("--max-memory", s, g.memory); });
  set.value(group, "--gate", "END", "point or upper end of the interval; default point",
            [&g](const std::string& s) { g.upper = parse_gate_end("--gate", s); });
  set.check([&g](const CommonOptions&) {
    if (g.upper && !g.any())
      refuse("--gate", "there is no limit to compare with",
             "give --max-latency, --max-energy, --max-power or --max-memory");
  });
}

void add_data(OptionSet& set, DataOptions& d) {
  const std::string group = "Data";
  set.value(group, "--device", "NAME", "the device whose measurements are meant", d.device);
  set.values(group, "--data", "FILE...", "measurement files of any form that import reads; repeatable", d.files);
  set.value(group, "--runtime", "NAME", "where the files hold several of the device; default: the data's own",
            d.runtime);
  set.value(group, "--precision", "FORMAT", "the same",
            [&d](const std::string& s) { d.precision = parse_precision_argument("--precision", s); });
  set.value(group, "--power-mode", "NAME", "the same; default: the default one",
            [&d](const std::string& s) { d.power_mode = s == "default" ? "" : s; });
  set.value(group, "--set-name", "NAME", "the same: the name of the set, as import lists it", d.set_name);
}

void require_data(const DataOptions& data, const CommandHelp& help) {
  const std::string command(help.name);
  require(!data.device.empty(), command, "--device", "devices");
  if (data.files.empty()) refuse(command, "missing --data", fmt::format("{} takes: {}", command, help.usage));
}

void add_seed(OptionSet& set, const std::string& group, std::uint64_t& seed) {
  set.value(group, "--seed", "S", "of the draw and of everything random; default 0", [&seed](const std::string& s) {
    seed = static_cast<std::uint64_t>(parse_count("--seed", s, 0, 4'294'967'295));
  });
}

}  // namespace ridgeline
