// What a search searches: a space with its deployments, what they rest on, and the problem made of them.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/session.hpp"
#include "hwdesc/device_file.hpp"
#include "model/figures.hpp"
#include "search/accuracy.hpp"
#include "search/problem.hpp"
#include "search/space_file.hpp"

namespace ridgeline {

/// A deployment that differs from the descriptions in values that were moved freely.
struct MovedDeployment {
  std::string device, clock, precision;
  Size batch = 1;
  std::vector<Override> settings;
  friend bool operator==(const MovedDeployment& a, const MovedDeployment& b) {
    const auto same = [](const Override& x, const Override& y) { return x.key == y.key && x.value == y.value; };
    return a.device == b.device && a.clock == b.clock && a.precision == b.precision && a.batch == b.batch &&
           std::ranges::equal(a.settings, b.settings, same);
  }
};

/// A search as it was asked for; empty lists: the space's own.
struct SearchWords {
  std::string space;       ///< a name or a file
  std::string space_text;  ///< the file itself, where it is not to be read anew
  std::vector<std::string> devices, clocks, precisions;
  std::vector<Size> batches;
  std::string runtime;         ///< of all devices that name none themselves ("NAME:RUNTIME"); empty: chosen to suit
  std::optional<Size> length;  ///< empty: the space's
  /// Files, each for the device that it is of; "none": no calibrations; empty: shipped ones where they fit.
  std::vector<std::string> calibrations;
  std::vector<std::string> objectives, constraints;
  std::string accuracy;  ///< a source (search/accuracy.hpp); empty: nothing knows how accurate designs are
  std::optional<AnyAccuracySource> accuracy_source;  ///< the caller's own, of which `accuracy` is the name
  bool robust = false;                               ///< objectives and constraints of the upper ends of intervals
  std::vector<ContinuousVariable> variables;         ///< moved after the search, on every device
  std::vector<MovedDeployment> moved;                ///< found by that: deployments behind all others
};

/// What the figures of a deployment rest on. Energy stands for average power and energy-delay product too.
struct DeploymentBasis {
  std::string rests_on;  ///< "data sheets alone (...)", "16 measured rows of ..."
  Origin latency = Origin::data_sheet, energy = Origin::data_sheet, peak_power = Origin::data_sheet;
  /// Factors on the figures: intervals, where there are any. Of a calibration the widest among some designs.
  std::optional<Spread> latency_spread, energy_spread, peak_power_spread;
};

struct ExcludedDeployment {
  std::string device;
  std::string reason;
};

/// Not to be moved: the space is referred to.
struct SearchSetup {
  SpaceDescription description;
  std::vector<Deployment> deployments;
  std::vector<DeploymentBasis> basis;  ///< parallel
  std::vector<ExcludedDeployment> excluded;
  std::vector<std::string> notes;
  std::optional<AccuracyInfo> accuracy;  ///< of the source that was asked, used or not
  std::unique_ptr<Space> space;
  std::unique_ptr<Evaluator> evaluator;
  SearchProblem problem;  ///< refers to the space and the evaluator
};

/// Chooses what `words` leave open. InputError for unknown names, and when no device is left to search on.
/// `everything`: also the figures that neither objectives nor constraints ask for.
std::unique_ptr<SearchSetup> make_search_setup(const SearchWords& words, int threads, bool everything = false);

/// The problem of a search on one other deployment, without what knows how accurate designs are.
std::unique_ptr<SearchSetup> make_moved_setup(const SearchSetup& searched, const SearchWords& words,
                                              const MovedDeployment& deployment);

/// Designs drawn from the space, every value of a choice equally likely: the same in every search of it.
Population drawn_designs(const SearchSetup& setup, std::size_t count);

/// A hash of what some designs take: another one when anything has changed that figures depend on.
std::string fingerprint(const SearchSetup& setup);

}  // namespace ridgeline
