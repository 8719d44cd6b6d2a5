// ridgeline-run: loads models and runs them, as asked line by line on stdin; calib/measuring/runner.hpp has the
// language.
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <nlohmann/json.hpp>
#include <torch/version.h>

#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/document.hpp"
#include "base/error.hpp"
#include "calib/live/blas.hpp"
#include "calib/live/execution.hpp"
#include "calib/live/rates.hpp"
#include "calib/live/recording.hpp"
#include "model/given_graph.hpp"

namespace {

using Json = nlohmann::ordered_json;
using ridgeline::Execution;
using ridgeline::Task;
using ridgeline::Workload;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

struct Job {
  ridgeline::Model model;
  Workload workload;
  std::uint64_t seed;
};

ridgeline::Precision precision_of(const Json& question) {
  const std::string word = question.at("precision");
  const auto precision = ridgeline::parse_precision(word);
  if (!precision) throw ridgeline::Error("unknown precision " + word);
  return *precision;
}

Job job_of(const Json& job) {
  Workload w;
  w.task = ridgeline::parse_task({"job", 0, 0, "task"}, job.at("task").get<std::string>());
  w.batch = job.at("batch"), w.length = job.at("length");
  w.new_tokens = job.at("new_tokens"), w.beams = job.at("beams");
  w.numerics = ridgeline::uniform_numerics(precision_of(job));
  w.optimiser = job.at("optimiser") == "sgd" ? ridgeline::Optimiser::sgd : ridgeline::Optimiser::adam;
  return {ridgeline::parse_model_or_graph(ridgeline::parse_document(job.at("model").get<std::string>(), "model"),
                                          "model"),
          w, job.at("seed").get<std::uint64_t>()};
}

class Service {
 public:
  Json answer(const Json& question) {
    if (question.contains("load")) return load(question["load"]);
    if (question.contains("run")) return run(question["run"].get<int>());
    if (question.contains("operators")) return run_operators(question["operators"].get<int>());
    if (question.contains("record")) return record(question["record"]);
    if (question.contains("products")) return products(question["products"]);
    if (question.contains("reading")) return reading(question["reading"]);
    if (question.contains("about")) return about(question["about"].get<int>());
    throw ridgeline::Error("expected load, run, operators, record, products, reading or about");
  }

 private:
  Json load(const Json& job) {
    execution_.reset();  // its memory is free before the next one takes some
    at::set_num_threads(job.at("threads").get<int>());
    const Job asked = job_of(job);
    execution_.emplace(asked.model, asked.workload, ridgeline::ExecutionOptions{.seed = asked.seed});
    return {{"parameters", execution_->parameters()}};
  }

  Json run(int times) {
    if (!execution_) throw ridgeline::Error("nothing is loaded");
    Json runs = Json::array();
    const double start = now();
    for (int i = 0; i < times; ++i) {
      Json phases = Json::object();
      for (const auto& [phase, seconds] : execution_->run()) phases[phase] = seconds;
      runs.push_back(std::move(phases));
    }
    return {{"start", start}, {"end", now()}, {"runs", std::move(runs)}};
  }

  Json run_operators(int times) {
    if (!execution_) throw ridgeline::Error("nothing is loaded");
    Json operators = Json::array();
    const double start = now();
    for (int i = 0; i < times; ++i) {
      const std::vector<ridgeline::OperatorTime> all = execution_->run_operators();
      for (std::size_t k = 0; k < all.size(); ++k) {
        if (i == 0)
          operators.push_back({{"phase", all[k].phase}, {"vertex", all[k].vertex}, {"label", all[k].label}});
        operators[k]["seconds"].push_back(all[k].seconds);
      }
    }
    return {{"start", start}, {"end", now()}, {"operators", std::move(operators)}};
  }

  Json record(const Json& job) {
    execution_.reset();
    const Job asked = job_of(job);
    return {{"calls", ridgeline::record_calls(asked.model, asked.workload, asked.seed)}};
  }

  static Json products(const Json& question) {
    at::set_num_threads(question.at("threads").get<int>());
    const auto rate = ridgeline::product_rate(precision_of(question), question.at("seconds"));
    return rate ? Json{{"rate", *rate}} : Json{{"rate", nullptr}};
  }

  static Json reading(const Json& question) {
    return {{"rate", ridgeline::read_rate(question.at("bytes"), question.at("threads"), question.at("seconds"))}};
  }

  static Json about(int threads) {
    const char* waiting = std::getenv("OMP_WAIT_POLICY");
    Json about = {{"libtorch", TORCH_VERSION},
                  {"blas", ridgeline::blas_file()},
                  {"threads", std::to_string(threads)},
                  {"waiting threads", waiting ? waiting : "as the OpenMP library has it"}};
    if (const std::string kernels = ridgeline::blas_kernels(); !kernels.empty()) about["blas kernels"] = kernels;
    if (const std::string alone = ridgeline::blas_kernels_alone(); !alone.empty())
      about["blas kernels without OPENBLAS_CORETYPE"] = alone;
    return about;
  }

  std::optional<Execution> execution_;
};

}  // namespace

int main(int, char** words) {
  ridgeline::restart_with_fitting_kernels(words);
  Service service;
  for (std::string line; std::getline(std::cin, line);) {
    Json answer;
    try {
      answer = service.answer(Json::parse(line));
    } catch (const std::exception& error) {
      const std::string all = error.what();
      answer = {{"error", all.substr(0, all.find("\nException raised"))}};
    }
    std::cout << answer.dump() << "\n" << std::flush;
  }
  return 0;
}
