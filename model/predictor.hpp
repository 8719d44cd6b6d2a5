// Predictors are an open set: anything that turns a program into an estimate. Commands and searches take the handle.
#pragma once

#include <concepts>
#include <functional>
#include <memory>

#include "model/estimate.hpp"

namespace ridgeline {

template <class P>
concept Predictor = std::copy_constructible<P> && requires(const P& p, const Program& program) {
  { p.predict(program) } -> std::same_as<Estimate>;
};

/// A small copyable handle to any Predictor (shared, immutable).
class AnyPredictor {
 public:
  template <Predictor P>
  AnyPredictor(P predictor)
      : predict_([p = std::make_shared<const P>(std::move(predictor))](const Program& program) {
          return p->predict(program);
        }) {}
  Estimate predict(const Program& program) const { return predict_(program); }

 private:
  std::function<Estimate(const Program&)> predict_;
};

/// The roofline with the given parameters, data-sheet or calibrated.
struct AnalyticPredictor {
  CostParameters parameters;
  Seconds window;
  Estimate predict(const Program& program) const { return estimate(program, parameters, window); }
};

}  // namespace ridgeline
