// What a command that takes a while is doing, on stderr: a bar that is wiped off in the end on a terminal, else one
// plain line a step.
#pragma once

#include <functional>
#include <iosfwd>
#include <string_view>

namespace ridgeline {

/// Told between steps what is being done, and the share in [0, 1] that is done; 1 wipes the bar off.
using Progress = std::function<void(std::string_view step, double share)>;

/// `err` must outlive every copy; the bar goes with the last one.
Progress make_progress(std::ostream& err, bool terminal);

}  // namespace ridgeline
