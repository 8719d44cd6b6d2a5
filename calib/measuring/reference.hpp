// The state of the board along a campaign: a reference model that is measured again and again.
//
// The reference is the first model measured that is quick enough for a check (load, warm up, six runs or more) to be
// a small share of the time between two. It is checked when it is found, every few minutes from then on, and in
// between, for at most 2 % of the time, after a row
//
//   that is far from what its neighbours lead to expect: ln(measured / expected), expected being what a guided
//   chooser predicted or else the data sheet, is 4 sigma from the level of the rows before (calib/levels.hpp), or
//   that found the board warmer than the last check did: 5 K, or a clock 3 % lower
//
// Rows carry how much slower than at first the last check was ("reference": "1.032").
//
// A board is hot when the reference is slower than at first, by more than the 95 % intervals of both medians, and the
// kernel says that heat is why: 5 K more than at first, a clock 3 % lower, or throttling. Not while other programs
// take more of the processors than at first: they slow models too, and waiting would not help.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "calib/measuring/measure.hpp"

namespace ridgeline {

class ReferenceModel {
 public:
  /// `known` rows say what the reference was before an interruption; InputError where they were measured in the other
  /// mode. `tell` gets what is being done or waited for.
  ReferenceModel(const HeatOptions& options, const MeasuringTools& tools, const std::vector<PlannedModel>& plan,
                 const MeasurementSet& known, std::function<void(const std::string&)> tell);

  /// The mode, and how the last check was, among the conditions of rows.
  void note(std::vector<Measurement>& rows) const;
  /// A model has been measured: checks the reference if it is time to, for `longest` s at most. True when it did.
  bool check_after(const PlannedModel& planned, const std::vector<Measurement>& rows, double longest);

  /// In the cold mode: the board is hot, and waiting has not been in vain yet.
  bool must_cool() const;
  /// "the board was hot, the reference 5 % slower than at first"
  std::string heat_words() const;
  /// Waits until the reference is as fast as at first, for `longest` s at most. Where it does not get so in time,
  /// nothing more is waited for until a check has found the board cool.
  void cool_down(double longest);

  double waited() const { return waited_; }  ///< s of cooling down, checks between included
  std::size_t checks() const { return checks_; }

 private:
  struct Reading {
    MedianInterval seconds{};  ///< of a run
    MachineState state{};      ///< after it
    double other_load = 0;     ///< processors, meanwhile
    bool throttled = false;    ///< meanwhile
  };
  void go_on_from(const MeasurementSet& known, const std::vector<PlannedModel>& plan);
  bool adopt(const PlannedModel& planned, const std::vector<Measurement>& rows, double longest);
  void take_as_reference(const PlannedModel& planned);
  bool check(double longest);
  double patience() const;
  std::optional<Reading> read();
  bool is_far(const Measurement& row);
  bool slowed() const;
  bool hot() const;
  double ratio() const { return last_.seconds.median / first_.seconds.median; }

  const HeatOptions& options_;
  const MeasuringTools& tools_;
  std::function<void(const std::string&)> tell_;
  double began_;
  std::optional<PlannedModel> model_;
  Reading first_, last_;
  double checked_ = 0;   ///< when, by the clock
  double checking_ = 0;  ///< s, without those of cooling down
  double waited_ = 0;
  std::size_t checks_ = 0;
  bool in_vain_ = false;
  bool by_prediction_ = false;      ///< what the rows' ratios are relative to
  std::vector<double> log_ratios_;  ///< of the last rows
};

}  // namespace ridgeline
