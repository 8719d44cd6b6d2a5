#include "calib/ensemble.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"

namespace ridgeline {
namespace {

using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr Eigen::Index kBlock = 64;  // columns whose activations stay in the first cache

template <class Output>
Eigen::VectorXd evaluate(const Ensemble& e, const Eigen::Ref<const Eigen::MatrixXd>& x, Output output) {
  Eigen::VectorXd result(x.cols());
  Eigen::MatrixXd z;
  for (Eigen::Index first = 0; first < x.cols(); first += kBlock) {
    const Eigen::Index count = std::min(kBlock, x.cols() - first);
    const auto columns = x.middleCols(first, count);
    z.noalias() = e.hidden * columns;
    z.colwise() += e.hidden_bias;
    z.array() /= (1 + z.array().square()).sqrt();
    result.segment(first, count) = output(z, columns) / static_cast<double>(e.members);
  }
  return result;
}

}  // namespace

Eigen::VectorXd mean(const Ensemble& e, const Eigen::Ref<const Eigen::MatrixXd>& x) {
  const Eigen::VectorXd linear = e.linear.colwise().sum();
  return evaluate(e, x, [&](const Eigen::MatrixXd& a, const auto& columns) -> Eigen::VectorXd {
    return (a.transpose() * e.out + columns.transpose() * linear).array() + e.out_bias.sum();
  });
}

Eigen::VectorXd log_spread(const Ensemble& e, const Eigen::Ref<const Eigen::MatrixXd>& x) {
  return evaluate(e, x, [&](const Eigen::MatrixXd& a, const auto&) -> Eigen::VectorXd {
    return (a.transpose() * e.spread).array() + e.spread_bias.sum();
  });
}

ArrayGroup::Array to_array(const Eigen::VectorXd& values, std::string unit) {
  return {{static_cast<std::size_t>(values.size())}, {values.data(), values.data() + values.size()}, std::move(unit)};
}

ArrayGroup::Array to_array(const Eigen::MatrixXd& values, std::string unit) {
  const RowMajor rows = values;
  return {{static_cast<std::size_t>(rows.rows()), static_cast<std::size_t>(rows.cols())},
          {rows.data(), rows.data() + rows.size()},
          std::move(unit)};
}

Eigen::VectorXd vector_from(const ArrayGroup::Array& array) {
  return Eigen::Map<const Eigen::VectorXd>(array.values.data(), static_cast<Eigen::Index>(array.values.size()));
}

Eigen::MatrixXd matrix_from(const ArrayGroup::Array& array) {
  return Eigen::Map<const RowMajor>(array.values.data(), static_cast<Eigen::Index>(array.shape[0]),
                                    static_cast<Eigen::Index>(array.shape[1]));
}

const ArrayGroup::Array& array_of(const ArrayGroup& group, const std::string& name,
                                  std::initializer_list<Eigen::Index> shape) {
  const auto found = group.arrays.find(name);
  if (found == group.arrays.end()) throw Error("a surrogate without its array '" + name + "'");
  const ArrayGroup::Array& array = found->second;
  bool fits = array.shape.size() == shape.size();
  std::size_t size = 1;
  for (std::size_t i = 0; fits && i < array.shape.size(); ++i) {
    const Eigen::Index wanted = shape.begin()[i];
    fits = wanted < 0 || array.shape[i] == static_cast<std::size_t>(wanted);
    size *= array.shape[i];
  }
  if (!fits || array.values.size() != size)
    throw Error("the surrogate's array '" + name + "' does not have the shape that its neighbours need");
  return array;
}

ArrayGroup to_arrays(const Ensemble& e) {
  ArrayGroup group;
  group.arrays = {{"hidden", to_array(e.hidden)},
                  {"hidden_bias", to_array(e.hidden_bias)},
                  {"out", to_array(e.out)},
                  {"out_bias", to_array(e.out_bias)},
                  {"linear", to_array(e.linear)},
                  {"spread", to_array(e.spread)},
                  {"spread_bias", to_array(e.spread_bias)}};
  return group;
}

Ensemble ensemble_from(const ArrayGroup& group) {
  Ensemble e;
  e.hidden = matrix_from(array_of(group, "hidden", {-1, -1}));
  e.out_bias = vector_from(array_of(group, "out_bias", {-1}));
  e.members = e.out_bias.size();
  if (e.members < 1 || e.hidden.rows() % e.members != 0)
    throw Error(fmt::format("{} hidden units do not divide among {} members", e.hidden.rows(), e.members));
  e.hidden_bias = vector_from(array_of(group, "hidden_bias", {e.hidden.rows()}));
  e.out = vector_from(array_of(group, "out", {e.hidden.rows()}));
  e.linear = matrix_from(array_of(group, "linear", {e.members, e.hidden.cols()}));
  e.spread = vector_from(array_of(group, "spread", {e.hidden.rows()}));
  e.spread_bias = vector_from(array_of(group, "spread_bias", {e.members}));
  return e;
}

}  // namespace ridgeline
