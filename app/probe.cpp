#include "app/probe.hpp"

#include "base/document.hpp"
#include "hwdesc/device_file.hpp"
#include "hwdesc/probe.hpp"

namespace ridgeline {

namespace {

Outcome run_probe(const ProbeOptions& options, const Session& session) {
  Machine machine = read_machine("/");
  if (!options.name.empty()) machine.name = options.name;
  const std::string text = describe(machine);
  const Device device = parse_device(parse_document(text, "--name"));  // a name that is no word is refused here
  session.log->info("{}: {} cores", device.name, device.units);
  return {text};
}

constexpr std::array kProbeExamples{
    Example{"ridgeline probe", "Describe the machine that this runs on."},
    Example{"ridgeline probe --name workbench --out workbench.yaml", "Write it to a file that --device takes."},
    Example{"ridgeline estimate bert-base --device workbench.yaml", "What would BERT take on this machine?"}};

constexpr CommandHelp kProbeHelp{
    "probe", "ridgeline probe [OPTIONS]", "describe the machine this runs on",
    "Writes a device description of this machine from what its operating system tells: topology, caches, "
    "SIMD width, clocks and memory.",
    kProbeExamples};

void declare_probe(OptionSet& set, ProbeOptions& o) {
  set.value("Output", "--name", "NAME", "name of the device in the description; default: the host's name", o.name);
}

}  // namespace

Command probe_command() { return make_command(kProbeHelp, declare_probe, run_probe); }

}  // namespace ridgeline
