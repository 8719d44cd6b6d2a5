#include "app/convert.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "app/arguments.hpp"
#include "app/format.hpp"
#include "base/document.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "calib/child_process.hpp"
#include "model/given_graph.hpp"
#include "model/lowering.hpp"

namespace ridgeline {
namespace {

constexpr Size kLargestDimension = 1'000'000'000;

/// "KEY=VALUE" at its last '=', since names of tensors may have some.
std::pair<std::string, std::string> split_pair(const std::string& option, const std::string& word) {
  const std::size_t equals = word.rfind('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == word.size())
    throw InputError({option, 0, 0, ""}, fmt::format("expected NAME=VALUE, found '{}'", word));
  return {word.substr(0, equals), word.substr(equals + 1)};
}

/// "1x128x768"
std::vector<Size> parse_shape(const std::string& option, const std::string& text) {
  std::vector<Size> shape;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('x', start), text.size());
    shape.push_back(parse_count(option, text.substr(start, end - start), 1, kLargestDimension));
    start = end + 1;
  }
  return shape;
}

/// "1x128:int64", "none"; numbers are fp32 where no type is given.
std::optional<ConvertInput> parse_input(const std::string& text) {
  if (text == "none") return std::nullopt;
  const std::size_t colon = text.find(':');
  ConvertInput input{parse_shape("--input", text.substr(0, colon)), "float32"};
  if (colon == std::string::npos) return input;
  input.type = text.substr(colon + 1);
  const std::vector<std::string> types{"float32", "float16", "bfloat16", "float64", "int64",
                                       "int32",   "int16",   "int8",     "uint8",   "bool"};
  if (std::find(types.begin(), types.end(), input.type) == types.end())
    throw_unknown_name({"--input", 0, 0, ""}, "type", input.type, types);
  return input;
}

std::vector<std::optional<ConvertInput>> parse_inputs(const std::string& text) {
  std::vector<std::optional<ConvertInput>> inputs;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    inputs.push_back(parse_input(text.substr(start, end - start)));
    start = end + 1;
  }
  return inputs;
}

/// Archives and pickles, which PyTorch saves, are no ONNX files; a file that cannot be read goes by its name.
bool is_of_pytorch(const std::filesystem::path& file) {
  constexpr std::array endings{".pt", ".pth", ".ptl", ".ts", ".torchscript"};
  std::array<char, 2> start{};
  std::ifstream in(file, std::ios::binary);
  if (!in.read(start.data(), start.size()))
    return std::find(endings.begin(), endings.end(), file.extension()) != endings.end();
  return (start[0] == 'P' && start[1] == 'K') || (start[0] == '\x80' && start[1] >= 2 && start[1] <= 5) ||
         std::find(endings.begin(), endings.end(), file.extension()) != endings.end();
}

std::string job_of(const ConvertCommandOptions& options) {
  nlohmann::json job{{"file", options.file},
                     {"name", options.name},
                     {"task", name(options.task)},
                     {"as_written", options.as_written},
                     {"dimensions", nlohmann::json::object()},
                     {"shapes", nlohmann::json::object()},
                     {"inputs", nlohmann::json::array()}};
  for (const auto& [name, value] : options.dimensions) job["dimensions"][name] = value;
  for (const auto& [name, shape] : options.shapes) job["shapes"][name] = shape;
  for (const auto& input : options.inputs)
    job["inputs"].push_back(input ? nlohmann::json{{"shape", input->shape}, {"type", input->type}}
                                  : nlohmann::json());
  if (options.batch) job["batch"] = *options.batch;
  if (options.length) job["length"] = *options.length;
  return job.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// What one kind of file has and the other has not.
void check_options(const ConvertCommandOptions& options, bool pytorch) {
  if (!pytorch && !options.inputs.empty())
    refuse("--input", "an ONNX file says what its inputs are",
           "use --dimension for those of its sizes that are open");
  if (pytorch && !options.dimensions.empty())
    refuse("--dimension", "a TorchScript file names no dimensions", "use --input 1x128:int64");
  if (pytorch && options.as_written)
    refuse("--as-written", "a TorchScript file is always taken as it is written", "leave it out");
}

/// The graph's file, as the other program makes it.
std::string converted(const ConvertCommandOptions& options) {
  const PrivateFolder folder;
  const std::filesystem::path job = folder.path() / "job.json", result = folder.path() / "graph.yaml";
  const bool pytorch = is_of_pytorch(options.file);
  check_options(options, pytorch);
  write_file_atomically(job, job_of(options));
  try {
    run_program(
        pytorch ? find_program("ridgeline-convert-torchscript") : find_program("ridgeline-convert", "convert"),
        {job.string(), result.string()});
  } catch (const ProgramError& error) {
    if (error.exit_code() == 2) throw Error(error.said());  // complete, and about the file
    throw InputError({options.file, 0, 0, ""}, fmt::format("the code of {} cannot read this file: {}",
                                                           pytorch ? "libtorch" : "ONNX", error.what()));
  }
  return read_file(result);
}

Outcome run_convert(const ConvertCommandOptions& options, const Session& session) {
  const std::string text = converted(options);
  // Read back, so that nothing is handed on that the other commands would refuse.
  const GivenGraph graph = parse_given_graph(parse_document(text, options.file), "graph");
  const Program program = lower(graph, workload_of(graph));
  session.log->info("{}: {} operators, {} parameters, {}", graph.name, graph.operators.size(),
                    format_words(static_cast<double>(program.parameters)),
                    format(total_work(program.phases.front().graph, graph.numerics).flops()));
  std::vector<std::string> unknown;
  for (const UnknownOperator& op : unknown_operators(graph))
    unknown.push_back(fmt::format("{} × {}", op.count, op.name));
  if (!unknown.empty())
    session.log->warn("not known, and costed by the bytes that they read and write: {}", fmt::join(unknown, ", "));
  return {text};
}

constexpr std::array kConvertExamples{
    Example{"ridgeline convert bert-tiny.onnx --dimension batch=1 --dimension sequence=128 --out bert-tiny.yaml",
            "An ONNX file as an operator graph: then `ridgeline estimate bert-tiny.yaml --device t4`."},
    Example{"ridgeline convert bert-tiny.onnx --dimension batch=8 --dimension sequence=64 --as-written",
            "Every operator as the file has it, for another batch and length."},
    Example{"ridgeline convert small-gpt.pt --input 1x64:int64 --task prefill --out small-gpt.yaml",
            "A TorchScript file (of torch.jit.trace or script), for one sequence of 64 tokens."}};

constexpr CommandHelp kConvertHelp{
    "convert", "ridgeline convert FILE [OPTIONS]", "an ONNX or TorchScript file as an operator graph",
    "Makes an operator graph of an ONNX or a TorchScript file, for estimate, compare, models and measure: shapes "
    "are propagated from the sizes of the inputs, shape arithmetic is computed, operators that are not known are "
    "named and costed by the bytes that they read and write. The model does not run. docs/convert.md has the "
    "details.",
    kConvertExamples};

void declare_convert(OptionSet& set, ConvertCommandOptions& o) {
  set.word("FILE", o.file);
  const std::string group = "Sizes";
  set.value(
      group, "--input", "SHAPE:TYPE,...",
      "TorchScript: the tensors that `forward` is called with, in order, e.g. 1x128:int64,1x128:int64; without a "
      "type: float32; none: left out",
      [&o](const std::string& s) { o.inputs = parse_inputs(s); });
  set.repeatable(group, "--dimension", "NAME=N",
                 "ONNX: a dimension that the file leaves open, e.g. batch=1; repeatable", [&o](const Words& words) {
                   for (const std::string& word : words) {
                     const auto [name, value] = split_pair("--dimension", word);
                     o.dimensions[name] = parse_count("--dimension", value, 1, kLargestDimension);
                   }
                 });
  set.repeatable(group, "--shape", "NAME=SHAPE",
                 "of an input, or of a tensor that nothing else tells, e.g. scores=1x12x128x128; repeatable",
                 [&o](const Words& words) {
                   for (const std::string& word : words) {
                     const auto [name, value] = split_pair("--shape", word);
                     o.shapes[name] = parse_shape("--shape", value);
                   }
                 });
  const std::string meaning = "Meaning";
  set.value(meaning, "--name", "NAME", "of the model; default: the file's", o.name);
  set.value(meaning, "--task", "TASK", "encode, prefill or decode (one step); default encode",
            [&o](const std::string& s) {
              o.task = parse_task("--task", s);
              if (o.task == Task::generate || o.task == Task::train)
                refuse("--task", fmt::format("a graph is one pass, so its task is not '{}'", s),
                       "use encode, prefill or decode");
            });
  set.value(meaning, "--batch", "N",
            "sequences, for figures per sequence; default: the first input's first dimension",
            [&o](const std::string& s) { o.batch = parse_count("--batch", s, 1, 1'000'000); });
  set.value(
      meaning, "--length", "N",
      "tokens of each, for figures per token; default: the first input's second dimension where it has two or three",
      [&o](const std::string& s) { o.length = parse_count("--length", s, 1, 1'000'000); });
  set.flag(
      "Operators", "--as-written",
      "ONNX: every operator as the file has it; default: biases, layer norms and GELU that were taken apart are put "
      "together again",
      o.as_written);
  set.check([&o](const CommonOptions&) {
    if (o.file.empty()) refuse("convert", "missing FILE", "convert takes: ridgeline convert FILE.onnx or FILE.pt");
  });
}

}  // namespace

Command convert_command() { return make_command(kConvertHelp, declare_convert, run_convert); }

}  // namespace ridgeline
