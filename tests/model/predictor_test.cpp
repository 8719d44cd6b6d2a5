#include "model/predictor.hpp"

#include <gtest/gtest.h>

#include "model/zoo.hpp"
#include "tests/model/synthetic.hpp"

namespace ridgeline {
namespace {

/// A predictor of somebody else's: no base class, no registration.
struct ConstantPredictor {
  double seconds;
  Estimate predict(const Program&) const {
    Estimate e;
    e.latency = Seconds(seconds);
    return e;
  }
};

struct NoPredictor {
  double predict(const Program&) const { return 0; }
};

static_assert(Predictor<AnalyticPredictor>);
static_assert(Predictor<ConstantPredictor>);
static_assert(Predictor<AnyPredictor>, "a handle is a predictor itself");
static_assert(!Predictor<NoPredictor>);
static_assert(!Predictor<int>);

TEST(AnyPredictor, AnswersLikeWhatItHolds) {
  const Program program = lower(zoo_model("bert-base").architecture, {});
  const AnalyticPredictor analytic{synthetic::gpu(), Seconds(0.1)};
  const AnyPredictor any = analytic;
  EXPECT_EQ(any.predict(program).latency, analytic.predict(program).latency);
  EXPECT_EQ(any.predict(program).peak_power, analytic.predict(program).peak_power);
  EXPECT_EQ(AnyPredictor(ConstantPredictor{3}).predict(program).latency.si(), 3);
}

TEST(AnyPredictor, CopiesAreIndependentOfTheOriginal) {
  std::vector<AnyPredictor> many;
  {
    const AnyPredictor first = ConstantPredictor{1};
    many.assign(3, first);
    many.push_back(ConstantPredictor{2});
  }
  const Program program;
  EXPECT_EQ(many[2].predict(program).latency.si(), 1);
  EXPECT_EQ(many[3].predict(program).latency.si(), 2);
}

}  // namespace
}  // namespace ridgeline
