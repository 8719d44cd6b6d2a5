#include "app/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "app/table.hpp"

namespace ridgeline {
namespace {

constexpr std::array kProgramExamples{
    Example{"ridgeline estimate bert-base --device raspberry-pi-4", "How long, how many joules, how much memory?"},
    Example{"ridgeline compare bert-base distilbert --device raspberry-pi-4,jetson-nano-gpu",
            "Which is better where?"},
    Example{"ridgeline devices", "What can it run on?"},
    Example{"ridgeline models", "Which models are known by name?"}};

constexpr std::array kEstimateExamples{
    Example{"ridgeline estimate bert-base --device raspberry-pi-4",
            "One sentence of 128 tokens on a Raspberry Pi 4."},
    Example{"ridgeline estimate gpt2 --device jetson-nano-gpu --task generate --length 64 --new-tokens 32",
            "Reading a prompt of 64 tokens and writing 32 more."},
    Example{"ridgeline estimate bert-large --device a100-pcie-40gb --batch 32 --length 384 --precision fp16 "
            "--runtime tensorrt",
            "Another batch, length, precision and runtime."},
    Example{"ridgeline estimate bert-base --device raspberry-pi-4 --clock 1GHz --set dram.bandwidth=x2",
            "What if the board ran at 1 GHz, with twice the memory bandwidth?"},
    Example{"ridgeline estimate bert-base --device raspberry-pi-4 --ops",
            "Every operator with its time and its limit."},
    Example{"ridgeline estimate bert-base --device raspberry-pi-4 --max-memory 4GB --json",
            "For scripts: exit code 3 when it takes more memory than that."}};

constexpr std::array kCompareExamples{
    Example{"ridgeline compare bert-base distilbert mobilebert --device raspberry-pi-4 --sort latency",
            "Three models on one board, the fastest first."},
    Example{"ridgeline compare bert-base --device raspberry-pi-4,jetson-nano-gpu,m1-gpu --sort energy",
            "One model on three devices, the most frugal first."},
    Example{"ridgeline compare bert-base distilbert --device t4,l4 --batch 8 --csv",
            "A table that pandas.read_csv opens without options."}};

constexpr std::array kDevicesExamples{
    Example{"ridgeline devices", "All devices."},
    Example{"ridgeline devices raspberry-pi-4", "Every number of one device with its source."},
    Example{"ridgeline devices --json", "For scripts."}};

constexpr std::array kRuntimesExamples{Example{"ridgeline runtimes", "All runtimes."},
                                       Example{"ridgeline runtimes pytorch", "One runtime with its sources."}};

constexpr std::array kModelsExamples{
    Example{"ridgeline models", "All models known by name."},
    Example{"ridgeline models bert-base", "Its layers, parameters, FLOPs, bytes and intensity by kind of operator."},
    Example{"ridgeline models bert-base --length 512 --counting survey",
            "Counted as in arXiv 2302.14017 (int8, weights and activations read once)."},
    Example{"ridgeline models bert-base --yaml",
            "Written out in Ridgeline's own format: a start for a model of yours."}};

constexpr std::array kProbeExamples{
    Example{"ridgeline probe", "Describe the machine that this runs on."},
    Example{"ridgeline probe --name workbench --out workbench.yaml", "Write it to a file that --device takes."},
    Example{"ridgeline estimate bert-base --device workbench.yaml", "What would BERT take on this machine?"}};

constexpr std::array kImportExamples{
    Example{"ridgeline import measurements.csv", "What is in this file, and which rows cannot be used?"},
    Example{"ridgeline import table measurements.csv --out mine.h5", "Keep it as a store."},
    Example{"ridgeline import mine.h5 measurements.csv --json", "Several files, rows of equal sets merged."}};

constexpr std::array kCalibrateExamples{
    Example{"ridgeline calibrate --device raspberry-pi-4 --data measurements.csv",
            "Fit the device's parameters to measurements, and say how good they are."},
    Example{"ridgeline calibrate --device raspberry-pi-4 --data measurements.csv --out pi.h5",
            "Keep them for --calibration of estimate, compare and validate."},
    Example{"ridgeline calibrate --device raspberry-pi-4 --data measurements.csv --rows 4 --seed 7 --json",
            "Four rows drawn at random, for scripts."}};

constexpr std::array kValidateExamples{
    Example{"ridgeline validate --device raspberry-pi-4 --data measurements.csv",
            "How far off is what is known without a measurement?"},
    Example{"ridgeline validate --device raspberry-pi-4 --data measurements.csv --calibrate-on 3 --seed 1",
            "Fit three rows, score the others."},
    Example{"ridgeline validate --device raspberry-pi-4 --data measurements.csv --calibrate-on 0.6 "
            "--predictor analytic --json",
            "A share of the rows, parameters alone, for scripts."}};

constexpr std::array kHelps{
    CommandHelp{"", "ridgeline COMMAND [OPTIONS]", "",
                "Latency, energy, peak power and memory of transformers on real devices, without the device.",
                kProgramExamples},
    CommandHelp{
        "estimate", "ridgeline estimate MODEL --device NAME [OPTIONS]", "what a model would take on a device",
        "Estimates latency, energy, power and memory of a model on a device from published data alone, says what "
        "it assumed, what limits the model there and what would help most. MODEL is a name (ridgeline models), a "
        "file (Hugging Face config.json, FlexiBERT model_dict, HAT YAML, Ridgeline YAML) or a folder with a "
        "config.json.",
        kEstimateExamples},
    CommandHelp{"compare", "ridgeline compare MODEL... --device NAME... [OPTIONS]", "models × devices in one table",
                "Estimates every model on every device. A pair that cannot be estimated stays in the table with the "
                "reason.",
                kCompareExamples},
    CommandHelp{"devices", "ridgeline devices [NAME] [OPTIONS]", "known devices, and the sources of their numbers",
                "Lists the devices, or shows one with the source of every number. NAME may be a file of your own.",
                kDevicesExamples},
    CommandHelp{"runtimes", "ridgeline runtimes [NAME] [OPTIONS]", "known runtimes (PyTorch eager, TensorRT, ...)",
                "Lists the runtimes, or shows one with the source of every number.", kRuntimesExamples},
    CommandHelp{
        "models", "ridgeline models [NAME] [OPTIONS]", "known models: layers, parameters, FLOPs, intensity",
        "Lists the models, or shows what one consists of and how much work it is, whatever runs it. NAME may be a "
        "file of your own.",
        kModelsExamples},
    CommandHelp{"probe", "ridgeline probe [OPTIONS]", "describe the machine this runs on",
                "Writes a device description of this machine from what its operating system tells: topology, caches, "
                "SIMD width, clocks and memory.",
                kProbeExamples},
    CommandHelp{
        "import", "ridgeline import [FORMAT] FILE... [--out STORE.h5] [OPTIONS]",
        "measurement files into one store, and what is wrong with them",
        "Reads measurements of models on devices, lists the sets (one for each device, runtime, precision and "
        "power mode) and the rows that cannot be used, and writes all of it to an HDF5 store with --out. FORMAT "
        "is edgetran, hat, neusight, table (CSV or JSON of your own: docs/data.md) or store; without it, or "
        "with auto, each file is recognised by what it holds.",
        kImportExamples},
    CommandHelp{
        "calibrate", "ridgeline calibrate --device NAME --data FILE... [--out CALIBRATION.h5] [OPTIONS]",
        "fit a device's parameters to measurements",
        "Fits utilisations, bandwidths, dispatch times and energies of a device to measurements, starting from its "
        "data sheet and from what other devices teach; says what was learnt, how far off held-out rows are, which "
        "rows stand out and in what state the board was; and writes the calibration with --out. Runtime, precision "
        "and power mode come from the data.",
        kCalibrateExamples},
    CommandHelp{"validate", "ridgeline validate --device NAME --data FILE... [OPTIONS]",
                "how far predictions are from measurements",
                "Scores predictions and their intervals on measurements: those of a calibration, of a fit to some of "
                "the rows "
                "on the others, or of what is known without this device and these files.",
                kValidateExamples}};

}  // namespace

std::span<const CommandHelp> command_helps() { return kHelps; }

const CommandHelp& command_help(std::string_view command) {
  return *std::find_if(kHelps.begin(), kHelps.end(), [&](const CommandHelp& help) { return help.name == command; });
}

std::string help_page(const CommandHelp& help, std::span<const OptionHelp> options) {
  const Style plain;
  std::string page = paragraph(help.description, 0, plain) + "\nUsage: " + std::string(help.usage) + "\n";
  if (help.name.empty()) {
    Table commands{2, {{}, {.wraps = true}}, {}};
    for (const CommandHelp& command : kHelps)
      if (!command.name.empty()) commands.rows.push_back({std::string(command.name), std::string(command.summary)});
    commands.rows.push_back({"help [COMMAND]", "this page, or the page of a command"});
    page += "\nCommands:\n" + render(commands, plain);
  }
  std::size_t widest = 0;
  std::vector<std::string> groups;
  for (const OptionHelp& option : options) {
    widest = std::max(widest, display_width(option.left));
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  }
  for (const std::string& group : groups) {
    Table table{2, {{}, {.wraps = true}}, {}};
    for (const OptionHelp& option : options)
      if (option.group == group)
        table.rows.push_back({option.left + std::string(widest - display_width(option.left), ' '), option.text});
    page += fmt::format("\n{}:\n{}", group, render(table, plain));
  }
  page += "\nExamples:\n";
  for (const Example& example : help.examples)
    page += fmt::format("  {}\n      {}\n", example.command, example.meaning);
  return page;
}

}  // namespace ridgeline
