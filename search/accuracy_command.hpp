// Accuracy by a command of the user's: whatever it takes to train or to look up one model.
//
// The command runs by `/bin/sh -c` with one more word, the path of a file that describes the model in Ridgeline's own
// YAML (docs/models.md), and prints an accuracy from 0 to 1 on the last line of its output. Answers are kept in a
// folder, one file each, so that a model is asked for once, ever: also after a kill, and by several searches. A file
// holds the whole question beside the answer; the name alone decides nothing. Failures are not kept.
#pragma once

#include <filesystem>
#include <string>

#include "base/quantity.hpp"
#include "search/accuracy.hpp"

namespace ridgeline {

class CommandAccuracy {
 public:
  /// Creates the folder; Error when it cannot be.
  CommandAccuracy(std::string command, std::filesystem::path cache, Seconds timeout);
  /// Error with what the command wrote to stderr when it fails, takes longer (it is ended, with all that it started)
  /// or prints something else. The model's name plays no part.
  double accuracy(const Architecture& architecture) const;
  const AccuracyInfo& info() const { return info_; }

 private:
  AccuracyInfo info_;
  std::string command_;
  std::filesystem::path cache_;
  Seconds timeout_;
};

}  // namespace ridgeline
