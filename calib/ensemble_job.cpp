#include "calib/ensemble_job.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "calib/child_process.hpp"

namespace ridgeline {
namespace {

using Json = nlohmann::ordered_json;
using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Json numbers(const Eigen::Ref<const Eigen::MatrixXd>& columns) {
  const Eigen::MatrixXd plain = columns;
  return std::vector<double>(plain.data(), plain.data() + plain.size());
}

Eigen::VectorXd vector(const Json& target, const char* name, Eigen::Index size) {
  const auto values = target.at(name).get<std::vector<double>>();
  if (values.size() != static_cast<std::size_t>(size))
    throw Error(fmt::format("{} numbers in '{}' where {} were expected", values.size(), name, size));
  return Eigen::Map<const Eigen::VectorXd>(values.data(), size);
}

Eigen::MatrixXd matrix(const Json& target, const char* name, Eigen::Index rows, Eigen::Index columns) {
  const Eigen::VectorXd values = vector(target, name, rows * columns);
  return Eigen::Map<const RowMajor>(values.data(), rows, columns);
}

TrainedEnsemble trained(const Json& target, const EnsembleOptions& options, Eigen::Index features,
                        Eigen::Index rows) {
  const Eigen::Index members = options.members, units = members * options.hidden;
  TrainedEnsemble result;
  Ensemble& e = result.ensemble;
  e.members = members;
  e.hidden = matrix(target, "hidden", units, features);
  e.hidden_bias = vector(target, "hidden_bias", units);
  e.out = vector(target, "out", units);
  e.out_bias = vector(target, "out_bias", members);
  e.linear = matrix(target, "linear", members, features);
  e.spread = vector(target, "spread", units);
  e.spread_bias = vector(target, "spread_bias", members);
  result.mean = vector(target, "mean", rows);
  result.log_spread = vector(target, "log_spread", rows);
  return result;
}

}  // namespace

std::vector<TrainedEnsemble> train_ensembles(const Eigen::MatrixXd& features,
                                             const std::vector<EnsembleTarget>& targets,
                                             const EnsembleOptions& options, const std::filesystem::path& program) {
  Json job = {{"feature_count", features.rows()},
              {"features", numbers(features)},
              {"targets", Json::array()},
              {"members", options.members},
              {"hidden", options.hidden},
              {"steps", options.steps},
              {"learning_rate", options.learning_rate},
              {"lowest_decay", options.lowest_decay},
              {"highest_decay", options.highest_decay},
              {"degrees_of_freedom", options.degrees_of_freedom},
              {"rows_per_step", options.rows_per_step},
              {"seed", options.seed}};
  for (const EnsembleTarget& t : targets)
    job["targets"].push_back({{"values", numbers(t.values)}, {"weights", numbers(t.weights)}});

  const PrivateFolder folder;
  const std::filesystem::path question = folder.path() / "job.json", answer = folder.path() / "result.json";
  write_file_atomically(question, job.dump());
  run_program(program.empty() ? find_program("ridgeline-train") : program, {question.string(), answer.string()});
  try {
    std::ifstream in(answer);
    const Json result = Json::parse(in);
    std::vector<TrainedEnsemble> ensembles;
    for (const Json& target : result.at("targets"))
      ensembles.push_back(trained(target, options, features.rows(), features.cols()));
    if (ensembles.size() != targets.size()) throw Error("another number of targets than asked for");
    return ensembles;
  } catch (const std::exception& error) {
    throw Error(fmt::format("the result of ridgeline-train cannot be read: {}", error.what()));
  }
}

}  // namespace ridgeline
