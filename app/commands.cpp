#include "app/commands.hpp"

#include "app/accuracy.hpp"
#include "app/calibrate.hpp"
#include "app/compare.hpp"
#include "app/completion.hpp"
#include "app/convert.hpp"
#include "app/devices.hpp"
#include "app/estimate.hpp"
#include "app/explain.hpp"
#include "app/import.hpp"
#include "app/measure.hpp"
#include "app/models.hpp"
#include "app/probe.hpp"
#include "app/replay.hpp"
#include "app/runtimes.hpp"
#include "app/search.hpp"
#include "app/selftest.hpp"
#include "app/space.hpp"
#include "app/validate.hpp"

namespace ridgeline {

std::vector<Command> commands() {
  return {estimate_command(), compare_command(),  devices_command(),   runtimes_command(),  convert_command(),
          models_command(),   space_command(),    accuracy_command(),  search_command(),    explain_command(),
          probe_command(),    measure_command(),  import_command(),    calibrate_command(), validate_command(),
          replay_command(),   selftest_command(), completion_command()};
}

}  // namespace ridgeline
