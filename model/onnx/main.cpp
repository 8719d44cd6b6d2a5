// ridgeline-convert: makes an operator graph of an ONNX file (model/conversion/program.hpp).
#include <google/protobuf/stubs/logging.h>
#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <vector>

#include "model/conversion/program.hpp"
#include "model/onnx/convert.hpp"

int main(int count, char** words) {
  using namespace ridgeline;
  google::protobuf::SetLogHandler(nullptr);
  return run_conversion(count, words, [](const nlohmann::json& job, const ConversionOptions& common) {
    ConvertOptions options{common};
    options.as_written = job.at("as_written");
    options.questions.dimensions = job.at("dimensions").get<std::map<std::string, Size>>();
    options.questions.shapes = job.at("shapes").get<std::map<std::string, std::vector<Size>>>();
    return convert_onnx(job.at("file").get<std::string>(), options);
  });
}
