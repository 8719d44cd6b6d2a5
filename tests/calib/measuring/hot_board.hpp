// A board that heats up while models run, and is slower when it is hot.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

#include "tests/calib/measuring/fake_machine.hpp"
#include "tests/support.hpp"

namespace ridgeline {

inline constexpr double kCool = 40, kHot = 80, kSlowsFrom = 60;  // degC
inline constexpr double kCooling = 10;  // s: its fan is good, where models run it is too weak
inline constexpr Size kQuick = 100;     // the length of the only quick model

class HotBoard : public ::testing::Test {
 protected:
  void SetUp() override {
    machine_.seconds = [this](const Workload& w) {
      const double run = usual(w) * slowdown();
      move_to(kHot, run, heating_);
      return run;
    };
    tools_ = machine_.tools();
    tools_.wait = [this](double seconds) {
      machine_.now += seconds;
      waits_.push_back(seconds);
      move_to(kCool, seconds, kCooling);
    };
    tools_.state = [this] {
      MachineState state;
      state.temperature = temperature_;
      return state;
    };
    tools_.progress = [this](std::string_view step, double) { said_.emplace_back(step); };
    how_.heat = HeatOptions{};
    how_.heat->expected = [](const Model&, const Workload& w) { return usual(w) / static_cast<double>(w.batch); };
    how_.budget = 3600;
    how_.again = false;
  }

  static double usual(const Workload& w) { return 1e-3 * static_cast<double>(w.length); }
  double slowdown() const { return 1 + 0.01 * std::max(0.0, temperature_ - kSlowsFrom); }
  void move_to(double limit, double seconds, double time) {
    temperature_ = limit + (temperature_ - limit) * std::exp(-seconds / time);
  }
  /// From a cool board on.
  MeasureSummary campaign(MeasuringJournal& journal, const std::vector<PlannedModel>& plan) {
    temperature_ = kCool;
    waits_.clear();
    return measure(plan, journal, tools_, how_, {});
  }
  MeasureSummary campaign(const std::string& name) {
    MeasuringJournal journal(folder_ / name, empty_set(), false);
    const MeasureSummary summary = campaign(journal, plan_);
    rows_ = journal.set().rows;
    return summary;
  }
  /// ln(measured / what a cool board takes), the most of all rows.
  double most_off() const {
    double most = 0;
    for (const Measurement& row : rows_) most = std::max(most, off(row));
    return most;
  }
  static double off(const Measurement& row) {
    return std::log(row.latency->value * static_cast<double>(row.workload.batch) / usual(row.workload));
  }
  bool said(const std::string& words) const {
    return std::any_of(said_.begin(), said_.end(), [&](const auto& s) { return s.find(words) != std::string::npos; });
  }
  std::size_t loads(Size length) const {
    return static_cast<std::size_t>(std::count(machine_.lengths.begin(), machine_.lengths.end(), length));
  }

  FakeMachine machine_;
  MeasuringTools tools_;
  MeasureOptions how_;
  double temperature_ = kCool;
  double heating_ = 240;  ///< s
  std::vector<double> waits_;
  std::vector<std::string> said_;
  std::vector<Measurement> rows_;
  /// A quick one, then as many as keep the board busy for a quarter of an hour.
  const std::vector<PlannedModel> plan_ = [] {
    std::vector<Size> lengths{kQuick};
    for (Size i = 0; i < 120; ++i) lengths.push_back(600 + i);
    return plan_of_lengths(lengths);
  }();
  const TemporaryFolder folder_;
};

}  // namespace ridgeline
