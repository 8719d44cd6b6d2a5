// ridgeline-convert JOB RESULT: makes an operator graph of an ONNX file. JOB is JSON as app/convert.cpp writes it,
// RESULT becomes the graph's file. A program of its own, so that the command line links no protobuf, and a file that
// ONNX's code cannot stand ends nothing else. Exit code 2: the file or the questions are wrong, and stderr says how.
#include <google/protobuf/stubs/logging.h>
#include <nlohmann/json.hpp>

#include <exception>
#include <iostream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "model/onnx/convert.hpp"

int main(int count, char** words) {
  google::protobuf::SetLogHandler(nullptr);
  try {
    if (count != 3) throw ridgeline::Error("usage: ridgeline-convert JOB RESULT");
    const auto job = nlohmann::json::parse(ridgeline::read_file(words[1]));
    ridgeline::ConvertOptions options;
    options.name = job.at("name");
    options.task = ridgeline::parse_task({"job", 0, 0, "task"}, job.at("task").get<std::string>());
    options.as_written = job.at("as_written");
    options.questions.dimensions = job.at("dimensions").get<std::map<std::string, ridgeline::Size>>();
    options.questions.shapes = job.at("shapes").get<std::map<std::string, std::vector<ridgeline::Size>>>();
    if (job.contains("batch")) options.batch = job.at("batch").get<ridgeline::Size>();
    if (job.contains("length")) options.length = job.at("length").get<ridgeline::Size>();
    const auto graph = ridgeline::convert_onnx(job.at("file").get<std::string>(), options);
    ridgeline::write_file_atomically(words[2], ridgeline::to_yaml(graph));
    return 0;
  } catch (const ridgeline::Error& error) {
    std::cerr << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}
