#include "search/problem.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// Latency rises with size, energy falls with the clock: 100 designs on two devices.
Space two_devices() {
  std::vector<Choice> choices;
  choices.push_back({"deployment", Domain(Rows{{"device"}, {{"board"}, {"card"}}})});
  choices.push_back({"size", Domain(OneOf{{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}, true})});
  choices.push_back({"clock", Domain(OneOf{{"1", "2", "3", "4", "5"}, true})});
  return Space("two devices", std::move(choices));
}

void predict_toy(const Population& designs, std::span<DesignFigures> figures) {
  for (std::size_t i = 0; i < designs.size(); ++i) {
    const auto genome = designs.genome(i);
    const double size = genome[1] + 1, clock = genome[2] + 1;
    figures[i] = {.latency = size / clock * (genome[0] == 0 ? 10 : 1),
                  .energy = genome[0] == 0 ? size * clock : NAN,
                  .parameters = size * 1e6,
                  .beyond_memory = size > 9 ? 0.5 : 0};
  }
}

SearchProblem problem_of(std::vector<const char*> objectives, std::vector<const char*> constraints) {
  SearchProblem problem{.objectives = {}, .constraints = {}, .predict = predict_toy};
  for (const char* text : objectives) problem.objectives.push_back(parse_objective(text));
  for (const char* text : constraints) problem.constraints.push_back(parse_constraint(text));
  return problem;
}

Population one_design(const Genome& genome, std::size_t objectives) {
  Population design{.genome_length = genome.size(), .objective_count = objectives};
  design.resize(1);
  std::ranges::copy(genome, design.genome(0).begin());
  return design;
}

TEST(Problem, ViolationsAddUp) {
  Population design = one_design({0, 9, 0}, 2);  // 100 s, 10 J, too large for the memory
  evaluate_of(problem_of({"latency", "capacity"}, {"latency<=50s", "energy<=5J"}))(design);
  EXPECT_DOUBLE_EQ(design.objectives[0], 100);
  EXPECT_DOUBLE_EQ(design.objectives[1], 1e-7);
  EXPECT_DOUBLE_EQ(design.violations[0], 1 + 1 + 0.5);
}

TEST(Problem, WithoutABasisADesignIsOut) {
  Population design = one_design({1, 0, 0}, 1);
  evaluate_of(problem_of({"energy"}, {}))(design);
  EXPECT_TRUE(std::isfinite(design.objectives[0]));
  EXPECT_GE(design.violations[0], 1e9);
}

TEST(Problem, FactorsAreThoseOfTheDevice) {
  SearchProblem problem = problem_of({"latency"}, {});
  problem.factors = {kNoFactors, kNoFactors};
  problem.factors[1][static_cast<std::size_t>(Measure::latency)] = 3;
  Population board = one_design({0, 0, 0}, 1), card = one_design({1, 0, 0}, 1);
  evaluate_of(problem)(board);
  evaluate_of(problem)(card);
  EXPECT_DOUBLE_EQ(board.objectives[0], 10);
  EXPECT_DOUBLE_EQ(card.objectives[0], 3);
  EXPECT_DOUBLE_EQ(valuations(problem, card).front().of(Measure::latency), 3);
}

TEST(Problem, SaysWhichConstraintIsOutOfReach) {
  const Space space = two_devices();
  const Shortfall alone =
      explain_infeasible(problem_of({"latency"}, {"latency<=100ms", "parameters>=5M"}), space, 2000, 1);
  EXPECT_EQ(alone.unreachable, std::vector<std::size_t>{0});
  EXPECT_DOUBLE_EQ(alone.best[0], 0.2);  // size 1 at clock 5 on the card
  EXPECT_DOUBLE_EQ(alone.best[1], 9e6);  // 10 does not fit into the memory

  // The board alone has energies: fast there means much energy.
  const Shortfall both = explain_infeasible(problem_of({"latency"}, {"latency<=2s", "energy<=1J"}), space, 2000, 1);
  EXPECT_TRUE(both.unreachable.empty());
  EXPECT_DOUBLE_EQ(both.best[0], 0.2);
  EXPECT_DOUBLE_EQ(both.best[1], 1);
  // By clock 1 to 5 the violations are 4, 2.5, 2.67, 3.25, 4.
  EXPECT_DOUBLE_EQ(both.compromise[0], 5);
  EXPECT_DOUBLE_EQ(both.compromise[1], 2);
}

}  // namespace
}  // namespace ridgeline
