// Which model a campaign measures next.
//
// A guided chooser goes by a rule of calib/choice.hpp, the same that `ridgeline replay` plays: for `active` a
// space-filling start, narrow to wide, then what shrinks the candidates' posterior intervals most per second that
// measuring is expected to take. The fit to what is measured is `calibrate`'s, from the last optimum on. A quarter as
// many as are measured are chosen between two fits, or as many as it takes for choosing to stay within 8 % of the
// time; there is no state besides the rows, so that after an interruption a campaign goes on with a new fit.
//
// The error to be expected is measured, not modelled: every row says what the last fit that had not seen it
// predicted, and the expected error is the median of |predicted / measured - 1| of the latencies of the last 20 such
// rows (prequential: Dawid 1984). It is no bound: `active` asks for what is known least and the predictions are those
// of earlier fits, which makes it cautious, but it is of models that were measured, and rows that other programs
// disturbed may teach a fit less than their own scatter says. Of 20 rows it is known to about a quarter of itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "calib/choice.hpp"
#include "calib/generic.hpp"
#include "calib/measuring/planned_model.hpp"
#include "calib/measuring/repeats.hpp"

namespace ridgeline {

/// The models of a plan as they stand there.
ModelChooser in_plan_order(std::size_t models);

struct ChooserOptions {
  ChoiceRule rule = ChoiceRule::active;
  std::optional<double> target_error =
      {};  ///< ends the campaign when the expected error is below; looked at after a fit
  std::uint64_t seed = 0;
  DeviceKind kind = DeviceKind::cpu;
  std::vector<Lesson> lessons = {};  ///< of other devices: what the prior knows
  RepeatOptions repeats = {};        ///< how long measuring a model takes
  FitOptions fit = {};
  std::function<double()> clock = {};  ///< s; empty: choosing takes no time
};

/// Chooses among whole models or blocks, none of them by its operators. `data_sheet` is of the device as it is
/// described. Rows that are known and no candidates are learnt from; candidates that failed are left out.
ModelChooser guided_chooser(std::vector<PlannedModel> candidates, const CostParameters& data_sheet,
                            ChooserOptions options);

inline constexpr std::size_t kRowsForError = 20;
/// Of the latency, as a fraction; nothing with fewer than kRowsForError rows that were predicted.
std::optional<double> expected_error(const MeasurementSet& set);

}  // namespace ridgeline
