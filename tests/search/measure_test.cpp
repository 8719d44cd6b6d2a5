#include "search/measure.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

const DesignFigures kFigures{
    .latency = 0.2, .energy = 3, .peak_power = 18, .memory = 2e9, .parameters = 3e7, .batch = 4};

TEST(Measure, OfOneDesign) {
  const auto value = [](const char* name) { return value_of(parse_measure(name), kFigures, 0.8); };
  EXPECT_EQ(value("accuracy"), 0.8);
  EXPECT_EQ(value("latency"), 0.2);
  EXPECT_EQ(value("latency_per_sequence"), 0.05);
  EXPECT_EQ(value("energy_per_sequence"), 0.75);
  EXPECT_DOUBLE_EQ(value("average_power"), 15);
  EXPECT_EQ(value("peak_power"), 18);
  EXPECT_DOUBLE_EQ(value("edp"), 0.6);
  EXPECT_EQ(value("memory"), 2e9);
  EXPECT_EQ(value("parameters"), 3e7);
  for (const std::string& name : measure_names()) EXPECT_EQ(ridgeline::name(parse_measure(name)), name);
}

TEST(Objective, OfEdgeTranIsItsLoss) {
  // y = 1 - [0.5 GLUE + 0.2 (1 - latency/1000) + 0.2 (1 - energy/2000) + 0.1 (1 - power/300)], run_codesign.py, of
  // the best point of EdgeTran's initial set: GLUE 0.8378, 13.3 ms, 0.185 J, 18.25 W; 0.08720.
  const DesignFigures best{.latency = 0.0133, .energy = 0.185, .peak_power = 18.25};
  EXPECT_NEAR(value_of(parse_objective("edgetran"), best, 0.8378), 0.08720, 5e-6);
}

TEST(Objective, ReadsSums) {
  const SearchObjective sum = parse_objective("0.7*latency/50ms + 0.3*energy/1J");
  EXPECT_TRUE(sum.sum);
  EXPECT_NEAR(value_of(sum, kFigures, NAN), 0.7 * 4 + 0.3 * 3, 1e-12);
  EXPECT_NEAR(value_of(parse_objective("accuracy"), kFigures, 0.8), 0.2, 1e-12);
  EXPECT_EQ(value_of(parse_objective("edp"), kFigures, NAN), 0.2 * 3);
  EXPECT_TRUE(std::isnan(value_of(parse_objective("accuracy"), kFigures, NAN)));
  EXPECT_DOUBLE_EQ(value_of(parse_objective("capacity"), kFigures, NAN), 1 / 3e7);
}

TEST(Constraint, IsViolatedByItsRelativeExcess) {
  const auto of = [](const char* text) { return violation(parse_constraint(text), kFigures, 0.8); };
  EXPECT_EQ(of("latency<=200ms"), 0);
  EXPECT_NEAR(of("latency <= 50 ms"), 3, 1e-12);
  EXPECT_NEAR(of("accuracy>=0.9"), 1.0 / 9, 1e-12);
  EXPECT_EQ(of("memory<=2GB"), 0);
  EXPECT_NEAR(of("memory<=1GB"), 1, 1e-12);
  EXPECT_EQ(of("peak_power<=20W"), 0);
  EXPECT_NEAR(of("parameters<=10M"), 2, 1e-12);
  EXPECT_EQ(violation(parse_constraint("accuracy>=0.5"), kFigures, NAN), 1e9);
  EXPECT_EQ(to_text(parse_constraint("latency<=50ms")), "latency <= 50.0 ms");
  EXPECT_EQ(to_text(parse_constraint("accuracy>=0.8")), "accuracy >= 0.8");
  EXPECT_EQ(to_text(parse_constraint("parameters>=30M")), "parameters >= 30.0 M");
  EXPECT_EQ(to_text(parse_constraint("parameters<=512")), "parameters <= 512");
}

TEST(Measure, FactorsTakeFiguresToTheEndsOfTheirIntervals) {
  MeasureFactors factors = kNoFactors;
  factors[static_cast<std::size_t>(Measure::latency)] = 2;
  EXPECT_DOUBLE_EQ(value_of(parse_objective("latency"), kFigures, NAN, factors), 0.4);
  EXPECT_DOUBLE_EQ(value_of(parse_objective("0.7*latency/50ms + 0.3*energy/1J"), kFigures, NAN, factors),
                   0.7 * 8 + 0.3 * 3);
  EXPECT_DOUBLE_EQ(violation(parse_constraint("latency<=200ms"), kFigures, NAN, factors), 1);
}

TEST(Measure, NeedsFollowFromUse) {
  const std::vector<SearchObjective> objectives{parse_objective("edgetran")};
  EXPECT_TRUE(needs_of(objectives, {}).peak_power);
  EXPECT_FALSE(needs_of(objectives, {}).memory);
  const std::vector<SearchConstraint> constraints{parse_constraint("memory<=2GB")};
  EXPECT_TRUE(needs_of({}, constraints).memory);
  EXPECT_FALSE(uses(Measure::accuracy, {}, constraints));
}

TEST(Measure, ComplainsPrecisely) {
  EXPECT_EQ(error_of([] { parse_objective("latencies"); }),
            "unknown objective 'latencies'; did you mean 'latency'? the objectives are: accuracy, latency, "
            "latency_per_sequence, energy, energy_per_sequence, peak_power, average_power, edp, memory, parameters, "
            "capacity, edgetran");
  EXPECT_EQ(error_of([] { parse_objective("0.5*latency/3J"); }),
            "latency: expected a positive amount in s, found '3J'");
  EXPECT_EQ(error_of([] { parse_objective("0.5*latency"); }), "expected WEIGHT*MEASURE/SCALE, found '0.5*latency'");
  EXPECT_EQ(error_of([] { parse_objective("x*latency/1s"); }), "expected a positive weight, found 'x'");
  EXPECT_EQ(error_of([] { parse_constraint("latency=50ms"); }),
            "expected MEASURE<=LIMIT or MEASURE>=LIMIT, found 'latency=50ms'");
  EXPECT_EQ(error_of([] { parse_constraint("latency<=50"); }),
            "latency: expected a positive amount in s, found '50'");
  EXPECT_EQ(error_of([] { parse_constraint("peek_power<=5W"); }).substr(0, 56),
            "unknown measure 'peek_power'; did you mean 'peak_power'?");
}

}  // namespace
}  // namespace ridgeline
