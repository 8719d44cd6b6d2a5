#include "app/session.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "base/file.hpp"

namespace ridgeline {

Style stdout_style() {
  Style style;
  if (isatty(STDOUT_FILENO) == 0) return style;
  const char* terminal = std::getenv("TERM");
  const char* no_colour = std::getenv("NO_COLOR");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  style.colour = !dumb && (no_colour == nullptr || *no_colour == '\0');
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    style.width = std::clamp<int>(size.ws_col, 80, 100);
  return style;
}

std::string styled(const Style& style, Emphasis emphasis, std::string_view text) {
  if (!style.colour || emphasis == Emphasis::none) return std::string(text);
  const std::string_view code = emphasis == Emphasis::bold ? "1" : emphasis == Emphasis::dim ? "2" : "1;31";
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::shared_ptr<spdlog::logger> make_log(std::ostream& err, bool verbose, const std::string& file) {
  auto to_err = std::make_shared<spdlog::sinks::ostream_sink_st>(err, true);
  to_err->set_pattern("%l: %v");
  to_err->set_level(verbose ? spdlog::level::info : spdlog::level::warn);
  auto log = std::make_shared<spdlog::logger>("ridgeline", to_err);
  if (!file.empty()) {
    try {
      auto to_file = std::make_shared<spdlog::sinks::basic_file_sink_st>(file);
      to_file->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l: %v");
      log->sinks().push_back(std::move(to_file));
    } catch (const spdlog::spdlog_ex& error) {
      throw Error(fmt::format("--log-file: {}", error.what()));
    }
  }
  log->set_level(spdlog::level::info);
  return log;
}

void write_also(const Outcome& outcome) {
  for (const MadeFile& made : outcome.also) write_file_atomically(made.path, made.content);
}

}  // namespace ridgeline
