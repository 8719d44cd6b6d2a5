#include "app/probe.hpp"

#include "app/arguments.hpp"
#include "base/document.hpp"
#include "calib/measuring/rates.hpp"
#include "hwdesc/device_file.hpp"
#include "hwdesc/probe.hpp"

namespace ridgeline {

MachineRates measured_rates(const Machine& machine, std::optional<Size> threads, double seconds,
                            const Session& session) {
  const int count = static_cast<int>(threads.value_or(machine.cores));
  const ModelRunner runner = start_runner({.threads = count, .seed = 0, .program = {}});
  return measure_rates(machine, load_runtime("libtorch"), runner, count, seconds, session.progress);
}

namespace {

constexpr double kSecondsEach = 0.5;

Outcome run_probe(const ProbeOptions& options, const Session& session) {
  Machine machine = read_machine("/");
  if (!options.name.empty()) machine.name = options.name;
  std::optional<MachineRates> rates;
  if (options.measure) {
    rates = measured_rates(machine, options.threads, kSecondsEach, session);
    if (session.progress) session.progress("", 1);
  }
  const std::string text = describe(machine, rates ? &*rates : nullptr);
  const Device device = parse_device(parse_document(text, "the description"));
  session.log->info("{}: {} cores", device.name, device.units);
  return {text};
}

constexpr std::array kProbeExamples{
    Example{"ridgeline probe", "Describe the machine that this runs on."},
    Example{"ridgeline probe --name workbench --out workbench.yaml", "Write it to a file that --device takes."},
    Example{"ridgeline probe --measure --name workbench --out measured.yaml",
            "Measure rates of products, bandwidths and dispatching instead of assuming them."},
    Example{"ridgeline estimate bert-base --device workbench.yaml", "What would BERT take on this machine?"}};

constexpr CommandHelp kProbeHelp{
    "probe", "ridgeline probe [OPTIONS]", "describe the machine this runs on",
    "Writes a device description of this machine from what its operating system tells: topology, caches, "
    "SIMD width, clocks and memory. With --measure, products of large matrices, reading from each level of memory "
    "and dispatching are measured in some five seconds, by the program that `measure` needs.",
    kProbeExamples};

void declare_probe(OptionSet& set, ProbeOptions& o) {
  set.flag("Measuring", "--measure", "measure what the machine's own files do not tell", o.measure);
  set.value("Measuring", "--threads", "N", "that measure; default: the machine's cores",
            [&o](const std::string& s) { o.threads = parse_count("--threads", s, 1, 1024); });
  set.check([&o](const CommonOptions&) {
    if (o.threads && !o.measure) refuse("--threads", "goes with --measure");
    if (!o.name.empty()) check_device_name({"--name", 0, 0, ""}, o.name);
  });
  set.value("Output", "--name", "NAME", "name of the device in the description; default: the host's name", o.name);
}

}  // namespace

Command probe_command() { return make_command(kProbeHelp, declare_probe, run_probe); }

}  // namespace ridgeline
