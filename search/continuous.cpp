#include "search/continuous.hpp"

#include <boost/random/sobol.hpp>
#include <fmt/format.h>
#include <nlopt.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <exception>
#include <optional>

#include "base/error.hpp"

namespace ridgeline {
namespace {

/// Evaluates in logarithms and keeps the best that it has seen.
class Evaluations {
 public:
  Evaluations(std::span<const ContinuousVariable> variables, const ContinuousFunction& function,
              const ContinuousOptions& options)
      : variables_(variables), function_(function), options_(options) {}

  const ContinuousValues& at(const std::vector<double>& logs) {
    if (logs == last_) return values_;
    std::vector<double> point(logs.size());
    for (std::size_t i = 0; i < logs.size(); ++i)
      point[i] = std::clamp(std::exp(logs[i]), variables_[i].from, variables_[i].to);
    values_ = function_(point);
    last_ = logs;
    ++best_.evaluations;
    const double beyond = excess(values_);
    if (best_.point.empty() || beyond < best_beyond_ ||
        (beyond == best_beyond_ && values_.objective < best_.values.objective)) {
      best_.point = point;
      best_.values = values_;
      best_beyond_ = beyond;
      best_logs_ = logs;
    }
    return values_;
  }
  std::size_t constraints() const { return best_.values.constraints.size(); }
  const std::vector<double>& best_logs() const { return best_logs_; }
  ContinuousOptimum finish() {
    best_.feasible = best_beyond_ == 0;
    return best_;
  }

  std::exception_ptr failure;  ///< nothing may be thrown through NLopt's C code

 private:
  double excess(const ContinuousValues& values) const {
    double sum = 0;
    for (const double g : values.constraints) sum += g > options_.violation ? g : 0;
    return sum;
  }

  std::span<const ContinuousVariable> variables_;
  const ContinuousFunction& function_;
  const ContinuousOptions& options_;
  std::vector<double> last_, best_logs_;
  ContinuousValues values_;
  ContinuousOptimum best_;
  double best_beyond_ = 0;
};

/// One number of the values, for NLopt.
struct Component {
  Evaluations* evaluations;
  nlopt::opt* optimiser;
  std::ptrdiff_t constraint;  ///< -1: the objective
};

double component(const std::vector<double>& logs, std::vector<double>&, void* data) {
  const Component& which = *static_cast<Component*>(data);
  try {
    const ContinuousValues& values = which.evaluations->at(logs);
    return which.constraint < 0 ? values.objective : values.constraints[static_cast<std::size_t>(which.constraint)];
  } catch (...) {
    which.evaluations->failure = std::current_exception();
    which.optimiser->force_stop();
    return 0;
  }
}

void check_bounds(std::span<const ContinuousVariable> variables, std::span<const double> begin) {
  if (variables.empty() || variables.size() != begin.size())
    throw Error(fmt::format("{} continuous variables with a start of {}", variables.size(), begin.size()));
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const auto& [name, from, to] = variables[i];
    if (!(from > 0 && from < to)) throw Error(fmt::format("{}: from {} to {} is no range", name, from, to));
    if (!(begin[i] >= from && begin[i] <= to))
      throw Error(fmt::format("{}: the start {} is not within {} to {}", name, begin[i], from, to));
  }
}

/// "x0.5"
std::optional<double> factor(std::string_view text) {
  double value = 0;
  if (!text.starts_with('x')) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

ContinuousVariable parse_variable(std::string_view text) {
  const std::size_t equals = text.find('='), dots = text.find("..", equals);
  if (equals != std::string_view::npos && equals > 0 && dots != std::string_view::npos) {
    const std::optional<double> from = factor(text.substr(equals + 1, dots - equals - 1));
    const std::optional<double> to = factor(text.substr(dots + 2));
    if (from && to && *from > 0 && *from < *to && std::isfinite(*to))
      return {std::string(text.substr(0, equals)), *from, *to};
  }
  throw Error(fmt::format(
      "'{}' is no variable: expected KEY=xFROM..xTO with 0 < FROM < TO, for example clock=x0.5..x1", text));
}

std::string to_text(const ContinuousVariable& variable) {
  return fmt::format("{}=x{}..x{}", variable.name, variable.from, variable.to);
}

ContinuousOptimum optimise_continuous(std::span<const ContinuousVariable> variables, std::span<const double> begin,
                                      const ContinuousFunction& function, const ContinuousOptions& options) {
  check_bounds(variables, begin);
  const std::size_t count = variables.size();
  std::vector<double> logs(count), low(count), high(count);
  for (std::size_t i = 0; i < count; ++i) {
    logs[i] = std::log(begin[i]);
    low[i] = std::log(variables[i].from);
    high[i] = std::log(variables[i].to);
  }
  Evaluations evaluations(variables, function, options);
  evaluations.at(logs);
  boost::random::sobol sequence(count);
  for (int start = 0; start < options.starts; ++start) {
    for (std::size_t i = 0; i < count; ++i) {
      const double share = static_cast<double>(sequence()) / (static_cast<double>(sequence.max()) + 1);
      logs[i] = low[i] + share * (high[i] - low[i]);
    }
    evaluations.at(logs);
  }

  nlopt::opt optimiser(nlopt::LN_COBYLA, static_cast<unsigned>(count));
  std::vector<Component> components;
  components.reserve(evaluations.constraints() + 1);
  components.push_back({&evaluations, &optimiser, -1});
  for (std::size_t c = 0; c < evaluations.constraints(); ++c)
    components.push_back({&evaluations, &optimiser, static_cast<std::ptrdiff_t>(c)});
  optimiser.set_min_objective(component, &components[0]);
  for (std::size_t c = 1; c < components.size(); ++c)
    optimiser.add_inequality_constraint(component, &components[c], 0);
  optimiser.set_lower_bounds(low);
  optimiser.set_upper_bounds(high);
  optimiser.set_xtol_abs(options.tolerance);
  optimiser.set_maxeval(options.evaluations);
  std::vector<double> steps(count);
  for (std::size_t i = 0; i < count; ++i) steps[i] = 0.1 * (high[i] - low[i]);
  optimiser.set_initial_step(steps);
  std::vector<double> at = evaluations.best_logs();
  for (std::size_t i = 0; i < count; ++i) at[i] = std::clamp(at[i], low[i], high[i]);
  try {
    double value = 0;
    optimiser.optimize(at, value);
  } catch (const nlopt::roundoff_limited&) {
    // As near as it gets.
  } catch (const nlopt::forced_stop&) {
    if (evaluations.failure) std::rethrow_exception(evaluations.failure);
    throw;
  }
  return evaluations.finish();
}

}  // namespace ridgeline
