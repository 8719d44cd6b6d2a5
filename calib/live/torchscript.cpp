#include "calib/live/torchscript.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <caffe2/serialize/inline_container.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <array>
#include <fstream>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "calib/live/follower.hpp"

namespace ridgeline {
namespace {

using c10::IValue;

constexpr std::string_view kExport =
    "export the model as TorchScript: torch.jit.trace(model, example).save(\"model.pt\")";

/// What libtorch says, without where in its own code, as one line.
std::string in_one_line(const std::exception& error) {
  const auto* own = dynamic_cast<const c10::Error*>(&error);
  std::string all = own ? own->what_without_backtrace() : error.what();
  const std::size_t start = all.find_first_not_of(" \n");
  all.erase(0, start == std::string::npos ? all.size() : start);
  return all.substr(0, all.find('\n'));
}

at::ScalarType type_of(const std::string& name) {
  static const std::map<std::string, at::ScalarType> all{
      {"float32", at::kFloat}, {"float64", at::kDouble}, {"float16", at::kHalf}, {"bfloat16", at::kBFloat16},
      {"int64", at::kLong},    {"int32", at::kInt},      {"int16", at::kShort},  {"int8", at::kChar},
      {"uint8", at::kByte},    {"bool", at::kBool}};
  const auto found = all.find(name);
  if (found == all.end()) throw Error("unknown type " + name);
  return found->second;
}

class Reader {
 public:
  Reader(const std::filesystem::path& file, const TorchScriptQuestions& questions)
      : file_(file), questions_(questions) {}

  Tape read() {
    check_file();
    const at::NoGradGuard without_gradients;
    torch::jit::Module module = loaded();
    if (!module.find_method("forward")) fail("it has no method `forward`", "export a module, not a function");
    module.eval();
    Tape tape;
    tape.source = fmt::format("{} (TorchScript)", file_.filename().string());
    std::vector<std::string> names;
    std::vector<IValue> inputs = inputs_of(module.get_method("forward").function().getSchema(), names);
    try {
      Follower(file_.string(), module, questions_.shapes, tape).run(module, std::move(inputs), names);
    } catch (const InputError&) {
      throw;
    } catch (const Error& error) {
      fail(error.what());
    }
    if (tape.calls.empty()) fail("everything in it is known beforehand: nothing is left to run");
    return tape;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, std::string_view hint = {}) const {
    throw InputError({file_.string(), 0, 0, ""}, problem, std::string(hint));
  }

  /// Before libtorch loads anything: what is no TorchScript file, and what would run while it is loaded.
  void check_file() const {
    std::error_code failed;
    if (std::filesystem::is_directory(file_, failed)) fail("this is a folder", "name the .pt file in it");
    std::ifstream in(file_, std::ios::binary);
    if (!in) fail("cannot be opened");
    std::array<char, 2> start{};
    in.read(start.data(), start.size());
    // Pickles of protocol 2 and later begin so.
    if (start[0] == '\x80' && start[1] >= 2 && start[1] <= 5)
      fail("this is a pickle of torch.save, which is Python code, not TorchScript", kExport);
    try {
      caffe2::serialize::PyTorchStreamReader archive(file_.string());
      if (!archive.hasRecord("constants.pkl")) {
        if (archive.hasRecord("data.pkl"))
          fail("this is a pickle of torch.save, which is Python code, not TorchScript", kExport);
        fail("this is no TorchScript file", kExport);
      }
      for (const std::string& name : archive.getAllRecords()) {
        if (!name.starts_with("code/") || !name.ends_with(".py")) continue;
        const auto [bytes, size] = archive.getRecord(name);
        if (std::string_view(static_cast<const char*>(bytes.get()), size).find("def __setstate__") !=
            std::string_view::npos)
          fail("a class of it restores itself by code of its own (`__setstate__`), which is not run",
               "trace the model, or export it before it is quantised");
      }
    } catch (const c10::Error&) {
      fail("this is no TorchScript file, or it is damaged", kExport);
    }
  }

  torch::jit::Module loaded() const {
    try {
      return torch::jit::load(file_.string(), c10::Device(at::kCPU));
    } catch (const std::exception& error) {
      const std::string why = in_one_line(error);
      constexpr std::string_view unknown = "Unknown builtin op: ";
      if (why.starts_with(unknown)) {
        std::string name = why.substr(unknown.size());
        if (name.ends_with('.')) name.pop_back();
        fail(fmt::format("it calls '{}', which is no operator of this libtorch", name),
             "operators of a library of your own cannot be loaded without it");
      }
      fail(fmt::format("libtorch cannot load it: {}", why));
    }
  }

  /// What `forward` is called with.
  std::vector<IValue> inputs_of(const c10::FunctionSchema& forward, std::vector<std::string>& names) const {
    const std::vector<c10::Argument>& declared = forward.arguments();  // the module first
    std::vector<std::string> wanted;
    for (std::size_t i = 1; i < declared.size(); ++i)
      wanted.push_back(
          fmt::format("{}{}", declared[i].name(), declared[i].default_value() ? " (may be left out)" : ""));
    const std::string takes = wanted.empty() ? "nothing" : fmt::format("{}", fmt::join(wanted, ", "));
    if (questions_.inputs.size() + 1 > declared.size())
      fail_input(fmt::format("{} inputs are given, but `forward` takes {}", questions_.inputs.size(), takes));
    std::vector<IValue> inputs;
    for (std::size_t i = 1; i < declared.size(); ++i) {
      const c10::Argument& argument = declared[i];
      names.push_back(argument.name());
      const bool given = i - 1 < questions_.inputs.size();
      if (!given && !argument.default_value())
        fail_input(fmt::format("{}`forward` takes {}", questions_.inputs.empty() ? "" : "too few: ", takes),
                   "give the shape and type of each, as in --input 1x128:int64,1x128:int64");
      if (!given || !questions_.inputs[i - 1]) {
        inputs.push_back(argument.default_value().value_or(IValue()));
        continue;
      }
      const auto& type = *argument.type();
      const bool tensor = c10::TensorType::get()->isSubtypeOf(type);
      if (!tensor)
        fail_input(fmt::format("'{}' is no tensor but {}", argument.name(), type.str()),
                   "only tensors can be given; wrap the model in one that takes them");
      inputs.emplace_back(at::empty(questions_.inputs[i - 1]->shape,
                                    at::device(at::kMeta).dtype(type_of(questions_.inputs[i - 1]->type))));
    }
    return inputs;
  }
  [[noreturn]] static void fail_input(const std::string& problem, const std::string& hint = {}) {
    throw InputError({"--input", 0, 0, ""}, problem, hint);
  }

  const std::filesystem::path& file_;
  const TorchScriptQuestions& questions_;
};

}  // namespace

Tape read_torchscript(const std::filesystem::path& file, const TorchScriptQuestions& questions) {
  return Reader(file, questions).read();
}

}  // namespace ridgeline
