#include "calib/work_sums.hpp"

#include <cmath>

namespace ridgeline {

WorkSums& WorkSums::operator+=(const WorkSums& other) {
  for (std::size_t k = 0; k < kOperatorKinds; ++k) duration[k] += other.duration[k];
  dispatch += other.dispatch;
  flops += other.flops;
  bytes += other.bytes;
  return *this;
}

WorkSums work_sums(const Operator& op, double dispatch, double duration, const Numerics& numerics, double times) {
  const Work todo = work(op, numerics);
  WorkSums sums;
  sums.duration[op.index()] = times * duration;
  sums.dispatch = times * dispatch;
  sums.flops = times * (todo.matrix + todo.vector + todo.transcendental).si();
  sums.bytes = times * todo.bytes().si();
  return sums;
}

WorkSums work_sums(const CondensedRow& row, const Condenser& condenser, const OperatorCosts& costs) {
  WorkSums sums;
  for (const CondensedPart& part : row.parts) {
    for (std::size_t i = 0; i < part.operators.size(); ++i) {
      const std::uint32_t u = part.operators[i];
      sums += work_sums(condenser.operators()[u], costs.dispatch[u], costs.duration[u], condenser.numerics(),
                        part.times[i]);
    }
  }
  return sums;
}

std::vector<std::string> residual_feature_names() {
  std::vector<std::string> names;
  for (std::size_t k = 0; k < kOperatorKinds; ++k) names.emplace_back(kind_name(k));
  for (const char* name : {"dispatch", "start-up", "FLOPs", "bytes", "weights", "latency"}) names.emplace_back(name);
  return names;
}

void residual_features(const WorkSums& sums, double latency, double startup, double weights,
                       Eigen::Ref<Eigen::VectorXd> out) {
  constexpr auto kKinds = static_cast<Eigen::Index>(kOperatorKinds);
  const double by_latency = 1 / latency;
  for (Eigen::Index k = 0; k < kKinds; ++k) out[k] = sums.duration[static_cast<std::size_t>(k)] * by_latency;
  out[kKinds] = sums.dispatch * by_latency;
  out[kKinds + 1] = startup * by_latency;
  out[kKinds + 2] = std::log(sums.flops);
  out[kKinds + 3] = std::log(sums.bytes);
  out[kKinds + 4] = std::log(weights);
  out[kKinds + 5] = std::log(latency);
}

}  // namespace ridgeline
