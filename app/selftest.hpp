// Does it hold on this machine? Describes it, measures, calibrates, and predicts models that were not measured
// before.
//
// The budget is divided into campaigns (calib/measuring/measure.hpp): single operators, whole models, and models that
// no fit sees. Parameters are fitted to each of the first two alone; both fits predict the third. Everything that is
// measured is kept in a folder: an interrupted test goes on there, and a finished one can be looked at again.
//
// The bars are those that predictions are held to on a quiet machine. Where the budget lets fewer models be measured
// than were asked for, that is said beside the scores; where it lets too few be measured for a fit, the test is
// refused before anything runs, with the budget that it needs by the data sheet.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "app/command.hpp"
#include "calib/validation.hpp"

namespace ridgeline {

struct SelftestOptions {
  Seconds budget{900};
  Size threads = 0;  ///< 0: the machine's cores
  Size unseen = 60;  ///< models that are predicted
  std::uint64_t seed = 0;
  std::string folder = "ridgeline-selftest";
  bool resume = false;
};

/// What was learnt from one campaign, scored on the unseen models.
struct SelftestFold {
  std::string from;      ///< "whole models"
  std::size_t rows = 0;  ///< fitted
  Validated latency;
  std::vector<CalibratedFigures> predicted;  ///< by unseen model
};

struct SelftestResult {
  std::vector<SelftestFold> folds;  ///< whole models, then operators
  std::vector<Measurement> unseen;
  std::vector<Exclusion> missing;  ///< unseen models that could not be run, or took too long
  Size wanted = 0;                 ///< unseen models
  std::size_t rows = 0;            ///< of all campaigns
  std::size_t disturbed = 0;       ///< of them
  double elapsed = 0;              ///< s of measuring, now
  double running = 0;              ///< s of it in which models ran
  std::map<std::string, std::string> conditions;
  std::string folder;
};

std::string selftest_text(const SelftestResult& result, const Style& style);

Command selftest_command();

}  // namespace ridgeline
