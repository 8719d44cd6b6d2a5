// ridgeline-convert-torchscript: makes an operator graph of a TorchScript file (model/conversion/program.hpp).
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

#include "calib/live/torchscript.hpp"
#include "model/conversion/program.hpp"
#include "model/torchscript/convert.hpp"

int main(int count, char** words) {
  using namespace ridgeline;
  return run_conversion(count, words, [](const nlohmann::json& job, const ConversionOptions& options) {
    TorchScriptQuestions questions;
    questions.shapes = job.at("shapes").get<std::map<std::string, std::vector<Size>>>();
    for (const auto& input : job.at("inputs")) {
      auto& asked = questions.inputs.emplace_back();
      if (!input.is_null()) asked = {input.at("shape").get<std::vector<Size>>(), input.at("type").get<std::string>()};
    }
    const std::string file = job.at("file");
    return convert_tape(file, read_torchscript(file, questions), options);
  });
}
