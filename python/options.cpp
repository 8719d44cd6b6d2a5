#include "python/options.hpp"

#include <fmt/format.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <algorithm>

#include "app/commands.hpp"
#include "app/option_groups.hpp"
#include "base/error.hpp"

namespace ridgeline::python {
namespace py = pybind11;
namespace {

std::string word_of(const py::handle& value) { return py::str(value).cast<std::string>(); }

std::string option_name(const std::string& keyword) {
  if (keyword == "overrides") return "--set";
  std::string name = "--" + keyword;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string keyword_of(const Option& option) {
  if (option.name == "--set") return "overrides";
  std::string keyword = option.name.substr(option.name.find("--") + 2);
  std::replace(keyword.begin(), keyword.end(), '-', '_');
  return keyword;
}

/// The words of one keyword; none where it counts as not given.
Words words_of(const py::handle& value) {
  Words words;
  if (py::isinstance<py::dict>(value)) {
    for (const auto& [key, one] : py::reinterpret_borrow<py::dict>(value))
      words.push_back(word_of(key) + "=" + word_of(one));
  } else if (py::isinstance<py::list>(value) || py::isinstance<py::tuple>(value)) {
    for (const py::handle one : value) words.push_back(word_of(one));
  } else {
    words.push_back(word_of(value));
  }
  return words;
}

const Option& find_option(const OptionSet& set, const std::string& keyword) {
  const std::string name = option_name(keyword);
  for (const Option& option : set.options)
    if (option.name == name) return option;
  std::vector<std::string> valid;
  for (const Option& option : set.options) valid.push_back(keyword_of(option));
  const std::string nearest = nearest_name(keyword, valid);
  throw py::type_error(fmt::format("unknown keyword '{}'{}", keyword,
                                   nearest.empty() ? std::string() : fmt::format("; did you mean '{}'?", nearest)));
}

Command command_named(std::string_view name) {
  for (Command& command : commands())
    if (command.help.name == name) return command;
  throw py::type_error(fmt::format("no command '{}'", name));
}

/// Hands messages on to Python's logging.
class PythonSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
  void sink_it_(const spdlog::details::log_msg& message) override {
    const py::gil_scoped_acquire lock;
    const py::object logger = py::module_::import("logging").attr("getLogger")("ridgeline");
    const std::string text(message.payload.data(), message.payload.size());
    logger.attr(message.level >= spdlog::level::warn ? "warning" : "info")("%s", text);
  }
  void flush_() override {}
};

/// One group of options (app/option_groups.hpp) from the keywords.
template <class Options>
Options group_of(void (*add)(OptionSet&, Options&), const py::dict& keywords) {
  Options options;
  OptionSet set;
  add(set, options);
  give(set, keywords);
  return options;
}

}  // namespace

void give(const OptionSet& set, const py::dict& keywords) {
  for (const auto& [key, value] : keywords) {
    const Option& option = find_option(set, word_of(key));
    if (value.is_none() || value.ptr() == Py_False) continue;
    if (option.takes == Option::Takes::nothing) {
      if (value.ptr() != Py_True)
        throw py::type_error(fmt::format("{}: expected True or False, found {}", word_of(key), word_of(value)));
      option.take({});
      continue;
    }
    const Words words = words_of(value);
    if (!words.empty()) option.take(words);
  }
}

Action prepare(std::string_view name, const Words& words, const py::dict& keywords, const std::string& out) {
  const Command command = command_named(name);
  OptionSet set;
  Action action = command.declare(set);
  std::size_t used = 0;
  for (const Positional& word : set.words) {
    if (used == words.size()) break;
    const std::size_t end = word.many ? words.size() : used + 1;
    word.take(
        Words(words.begin() + static_cast<std::ptrdiff_t>(used), words.begin() + static_cast<std::ptrdiff_t>(end)));
    used = end;
  }
  give(set, keywords);
  for (const auto& check : set.checks) check({.out = out});
  return action;
}

WorkloadOptions workload_options(const py::dict& keywords) { return group_of(add_workload, keywords); }

WhatIfOptions what_if_options(const py::dict& keywords) { return group_of(add_what_if, keywords); }

void check_interrupted() {
  const py::gil_scoped_acquire lock;
  if (PyErr_CheckSignals() != 0) throw py::error_already_set();
}

Session make_session() {
  const py::list arguments = py::module_::import("sys").attr("argv");
  return {.style = {},
          .log = std::make_shared<spdlog::logger>("ridgeline", std::make_shared<PythonSink>()),
          .command = "python " + (arguments.empty() ? std::string() : word_of(arguments[0])),
          .progress = [](std::string_view, double) { check_interrupted(); }};
}

}  // namespace ridgeline::python
