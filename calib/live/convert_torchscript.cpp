// ridgeline-convert-torchscript JOB RESULT: makes an operator graph of a TorchScript file. JOB is JSON as
// app/convert.cpp writes it, RESULT becomes the graph's file. Exit code 2: the file or the questions are wrong, and
// stderr says how.
#include <nlohmann/json.hpp>

#include <exception>
#include <iostream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "calib/live/torchscript.hpp"
#include "model/torchscript/convert.hpp"

int main(int count, char** words) {
  using ridgeline::Size;
  try {
    if (count != 3) throw ridgeline::Error("usage: ridgeline-convert-torchscript JOB RESULT");
    const auto job = nlohmann::json::parse(ridgeline::read_file(words[1]));
    ridgeline::ConversionOptions options;
    options.name = job.at("name");
    options.task = ridgeline::parse_task({"job", 0, 0, "task"}, job.at("task").get<std::string>());
    if (job.contains("batch")) options.batch = job.at("batch").get<Size>();
    if (job.contains("length")) options.length = job.at("length").get<Size>();
    ridgeline::TorchScriptQuestions questions;
    questions.shapes = job.at("shapes").get<std::map<std::string, std::vector<Size>>>();
    for (const auto& input : job.at("inputs")) {
      auto& asked = questions.inputs.emplace_back();
      if (!input.is_null()) asked = {input.at("shape").get<std::vector<Size>>(), input.at("type").get<std::string>()};
    }
    const std::string file = job.at("file");
    const auto tape = ridgeline::read_torchscript(file, questions);
    ridgeline::write_file_atomically(words[2], ridgeline::to_yaml(ridgeline::convert_tape(file, tape, options)));
    return 0;
  } catch (const ridgeline::Error& error) {
    std::cerr << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
