#include "base/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

namespace ridgeline {
namespace {

std::string message(const InputLocation& at, std::string_view problem, std::string_view hint) {
  std::string text = at.file;
  if (at.line > 0) text += fmt::format(":{}", at.line);
  if (at.line > 0 && at.column > 0) text += fmt::format(":{}", at.column);
  if (!text.empty()) text += ": ";
  if (!at.key.empty()) text += at.key + ": ";
  text += problem;
  if (!hint.empty()) text += fmt::format("; {}", hint);
  return text;
}

}  // namespace

InputError::InputError(InputLocation location, std::string_view problem, std::string_view hint)
    : Error(message(location, problem, hint)), location_(std::move(location)) {}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& valid) {
  std::string best;
  std::size_t best_distance = std::numeric_limits<std::size_t>::max();
  for (const std::string& candidate : valid) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) best_distance = distance, best = candidate;
  }
  const std::size_t allowed = std::max<std::size_t>(1, std::max(name.size(), best.size()) / 3);
  if (best_distance <= allowed) return best;
  const auto begins = [&](const std::string& candidate) { return candidate.starts_with(name); };
  if (name.empty() || std::ranges::count_if(valid, begins) != 1) return {};
  return *std::ranges::find_if(valid, begins);
}

void throw_unknown_name(const InputLocation& location, std::string_view kind, std::string_view name,
                        const std::vector<std::string>& valid) {
  const std::string nearest = nearest_name(name, valid);
  const bool ies = kind.ends_with('y') && !kind.ends_with("ey");
  const std::string kinds = ies ? fmt::format("{}ies", kind.substr(0, kind.size() - 1)) : fmt::format("{}s", kind);
  const std::string hint =
      fmt::format("{}the {} are: {}", nearest.empty() ? "" : fmt::format("did you mean '{}'? ", nearest), kinds,
                  fmt::join(valid, ", "));
  throw InputError(location, fmt::format("unknown {} '{}'", kind, name), hint);
}

}  // namespace ridgeline
