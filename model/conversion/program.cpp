#include "model/conversion/program.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <exception>
#include <iostream>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"

namespace ridgeline {

int run_conversion(int count, char** words,
                   const std::function<GivenGraph(const nlohmann::json& job, const ConversionOptions&)>& convert) {
  try {
    if (count != 3) throw Error(fmt::format("usage: {} JOB RESULT", words[0]));
    const auto job = nlohmann::json::parse(read_file(words[1]));
    ConversionOptions options;
    options.name = job.at("name");
    options.task = parse_task({"job", 0, 0, "task"}, job.at("task").get<std::string>());
    if (job.contains("batch")) options.batch = job.at("batch").get<Size>();
    if (job.contains("length")) options.length = job.at("length").get<Size>();
    write_file_atomically(words[2], to_yaml(convert(job, options)));
    return 0;
  } catch (const Error& error) {
    std::cerr << error.what() << "\n";
    return 2;
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
    return 1;
  }
}

}  // namespace ridgeline
