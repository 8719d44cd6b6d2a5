// Finding descriptions by name or alias.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "hwdesc/device_file.hpp"
#include "hwdesc/dvfs.hpp"
#include "hwdesc/energy.hpp"

namespace ridgeline {
namespace {

namespace fs = std::filesystem;

struct Library {
  std::string kind;               // "device" or "runtime"
  std::vector<fs::path> folders;  // the user's before the shipped one: the first file of a name wins
};

Library library(std::string kind, const char* variable, std::string_view shipped) {
  Library result{std::move(kind), {}};
  if (const char* list = std::getenv(variable)) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const std::size_t colon = std::min(rest.find(':'), rest.size());
      if (colon > 0) result.folders.emplace_back(rest.substr(0, colon));
      rest.remove_prefix(std::min(rest.size(), colon + 1));
    }
  }
  result.folders.push_back(data_folder() / shipped);
  return result;
}

Library devices() { return library("device", "RIDGELINE_DEVICES", "hwdesc/devices"); }
Library runtimes() { return library("runtime", "RIDGELINE_RUNTIMES", "hwdesc/runtimes"); }

/// All files by name, sorted; the first folder that has a name wins.
std::vector<fs::path> files(const Library& library) {
  std::vector<fs::path> found;
  for (const fs::path& folder : library.folders) {
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(folder, ignored)) {
      if (entry.path().extension() != ".yaml") continue;
      const auto same = [&](const fs::path& other) { return other.stem() == entry.path().stem(); };
      if (std::none_of(found.begin(), found.end(), same)) found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.stem() < b.stem(); });
  return found;
}

std::vector<std::string> names(const Library& library) {
  std::vector<std::string> all;
  for (const fs::path& file : files(library)) all.push_back(file.stem().string());
  return all;
}

/// The aliases of a file. Reading all of every file would cost more than an estimate, so only what stands before
/// `sources` is parsed.
std::vector<std::string> aliases(const fs::path& file) {
  const std::string text = read_file(file);
  const Node head = parse_document(text.substr(0, text.find("\nsources:")), file.string());
  std::vector<std::string> all;
  if (!head.is_map()) return all;
  if (const Node* list = head.find("aliases"); list != nullptr && list->is_sequence())
    for (const Node& alias : list->items())
      if (alias.is_scalar()) all.push_back(alias.text());
  return all;
}

fs::path find(const Library& library, std::string_view wanted) {
  if (wanted.find('/') != std::string_view::npos || wanted.ends_with(".yaml")) return fs::path(wanted);
  const std::vector<fs::path> all = files(library);
  const auto named = std::find_if(all.begin(), all.end(), [&](const auto& file) { return file.stem() == wanted; });
  if (named != all.end()) return *named;

  std::vector<fs::path> matches;
  std::vector<std::string> known = names(library);
  for (const fs::path& file : all) {
    for (std::string& alias : aliases(file)) {
      if (alias == wanted) matches.push_back(file);
      known.push_back(std::move(alias));
    }
  }
  if (matches.size() == 1) return matches.front();
  if (matches.size() > 1) {
    std::vector<std::string> choices;
    for (const fs::path& file : matches) choices.push_back(file.stem().string());
    throw InputError({}, fmt::format("ambiguous {} '{}'", library.kind, wanted),
                     fmt::format("choose one of: {}", fmt::join(choices, ", ")));
  }
  const std::string nearest = nearest_name(wanted, known);
  throw InputError(
      {}, fmt::format("unknown {} '{}'", library.kind, wanted),
      fmt::format("{}the {}s are: {}", nearest.empty() ? std::string() : fmt::format("did you mean '{}'? ", nearest),
                  library.kind, fmt::join(names(library), ", ")));
}

Node with_overrides(Node document, const std::vector<Override>& overrides, std::string_view origin = "--set") {
  for (const Override& change : overrides) document.set(change.key, change.value, origin);
  return document;
}

}  // namespace

fs::path data_folder() {
  if (const char* folder = std::getenv("RIDGELINE_DATA")) return folder;
  std::error_code ignored;  // an installed program keeps to its own data, wherever it was moved
  const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path() / "../share/ridgeline";
  if (fs::exists(beside / "hwdesc/devices", ignored)) return fs::weakly_canonical(beside);
  if (fs::exists(RIDGELINE_SOURCE_DATA "/hwdesc/devices", ignored)) return RIDGELINE_SOURCE_DATA;
  return RIDGELINE_INSTALLED_DATA;
}

std::vector<std::string> device_names() { return names(devices()); }
std::vector<std::string> runtime_names() { return names(runtimes()); }

Node read_device(std::string_view name) { return read_document(find(devices(), name)); }
Node read_runtime(std::string_view name) { return read_document(find(runtimes(), name)); }

Device load_device(std::string_view name, const std::vector<Override>& overrides) {
  return edited_device(read_device(name), overrides);
}

Device edited_device(const Node& document, const std::vector<Override>& overrides) {
  Device described = with_energies(parse_device(document));
  if (overrides.empty()) return described;

  // The clock is not edited in the description: rates, caches and voltages were stated for the clock that stands
  // there.
  std::vector<Override> rest;
  std::optional<Hertz> clock;
  for (const Override& change : overrides) {
    if (change.key != "clock") {
      rest.push_back(change);
      continue;
    }
    const Node edited = with_overrides(document, {change});
    const Node& value = edited.at("clock");
    clock = (value.is_map() ? value.at("value") : value).quantity<Dimension{.second = -1}>();
  }
  Device device = parse_device(with_overrides(document, rest));
  if (device.power && described.power) {
    for (std::size_t kind = 0; kind < kArithmeticCount; ++kind)
      for (std::size_t precision = 0; precision < kPrecisionCount; ++precision)
        if (!device.power->energy[kind][precision])
          device.power->energy[kind][precision] = described.power->energy[kind][precision];
    for (std::size_t level = 0; level < device.memory.size(); ++level)
      if (!device.memory[level].energy) device.memory[level].energy = described.memory[level].energy;
  }
  return clock ? at_clock(std::move(device), *clock) : device;
}

Runtime load_runtime(std::string_view name, const std::vector<Override>& overrides) {
  return edited_runtime(read_runtime(name), overrides);
}

Runtime edited_runtime(const Node& document, const std::vector<Override>& overrides) {
  return parse_runtime(with_overrides(document, overrides, "--set runtime"));
}

}  // namespace ridgeline
