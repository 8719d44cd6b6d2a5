#include "hwdesc/probe.hpp"

#include "app/commands.hpp"
#include "base/document.hpp"
#include "hwdesc/device_file.hpp"

namespace ridgeline {

Outcome run_probe(const ProbeOptions& options, const Session& session) {
  Machine machine = read_machine("/");
  if (!options.name.empty()) machine.name = options.name;
  const std::string text = describe(machine);
  const Device device = parse_device(parse_document(text, "--name"));  // a name that is no word is refused here
  session.log->info("{}: {} cores", device.name, device.units);
  return {text};
}

}  // namespace ridgeline
