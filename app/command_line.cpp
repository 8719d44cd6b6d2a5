#include "app/command_line.hpp"

#include <fmt/format.h>

// The one translation unit that pays for CLI11.
#include <CLI/CLI.hpp>

#include <algorithm>

#include "app/commands.hpp"
#include "app/help.hpp"
#include "base/error.hpp"

namespace ridgeline {
namespace {

/// A command whose options are known, and where the common ones go.
struct Declared {
  OptionSet set;
  CommonOptions common;
  bool help = false;
  bool version = false;
  Action action;
};

void add_everywhere(Declared& d, std::string_view writes) {
  const std::string group = "Everywhere";
  d.set.value(group, "--out", "FILE", std::string(writes), d.common.out);
  d.set.flag(group, "--verbose", "say on stderr what is being done", d.common.verbose);
  d.set.value(group, "--log-file", "FILE", "append the same, with times, to FILE", d.common.log_file);
  d.set.flag(group, "-h,--help", "this page", d.help);
}

/// What the program takes without a command.
void add_program_options(Declared& d) {
  d.set.flag("Everywhere", "--version", "print the version", d.version);
  d.set.flag("Everywhere", "-h,--help", "this page", d.help);
}

Action printing(std::string text) {
  return {{}, [text = std::move(text)](const Session&) { return Outcome{text}; }};
}

constexpr CommandHelp kHelpHelp{"help", "ridgeline help [COMMAND]", "this page, or the page of a command", "", {}};

struct HelpOptions {
  std::string topic;
  std::string page;
};

void declare_help(OptionSet& set, HelpOptions& o) {
  set.word("COMMAND", o.topic);
  set.check([&o](const CommonOptions&) { o.page = help_for(o.topic); });
}

Outcome run_help(const HelpOptions& options, const Session&) { return {options.page}; }

std::vector<Command> all_commands() {
  std::vector<Command> all = commands();
  all.push_back(make_command(kHelpHelp, declare_help, run_help));
  return all;
}

std::vector<std::string> names_of(const std::vector<Command>& all) {
  std::vector<std::string> names;
  for (const Command& command : all) names.emplace_back(command.help.name);
  return names;
}

const Command* find_command(const std::vector<Command>& all, std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Command& c) { return c.help.name == name; });
  return found == all.end() ? nullptr : &*found;
}

void teach(CLI::App& app, const OptionSet& set) {
  app.set_help_flag();
  app.allow_extras();
  for (const Positional& word : set.words) {
    if (word.many)
      app.add_option_function<Words>(word.name, word.take);
    else
      app.add_option_function<std::string>(word.name, [&word](const std::string& given) { word.take({given}); });
  }
  for (const Option& option : set.options) {
    if (option.takes == Option::Takes::nothing) {
      app.add_flag_function(option.name, [&option](std::int64_t) { option.take({}); });
      continue;
    }
    CLI::Option* taken = app.add_option_function<Words>(option.name, option.take)->type_name(option.type);
    if (option.takes != Option::Takes::values) taken->allow_extra_args(false);
  }
}

/// Words that nothing took: a mistyped option, else a word too many.
void refuse_extras(const std::vector<std::string>& extras, const OptionSet& set, const CommandHelp& help) {
  for (const std::string& extra : extras) {
    if (!extra.starts_with('-') || extra == "-") continue;
    const std::string word = extra.substr(0, extra.find('='));
    std::vector<std::string> valid;
    for (const Option& option : set.options) valid.push_back(option.name.substr(option.name.find("--")));
    const std::string nearest = nearest_name(word, valid);
    refuse("", fmt::format("unknown option '{}'", word),
           nearest.empty() ? fmt::format("`ridgeline help{}{}` lists them", help.name.empty() ? "" : " ", help.name)
                           : fmt::format("did you mean '{}'?", nearest));
  }
  if (!extras.empty())
    refuse("", fmt::format("unexpected argument '{}'", extras.front()),
           fmt::format("{} takes: {}", help.name, help.usage));
}

/// All `words` given to what `declared` names; those that nothing took are refused.
void take_words(std::vector<std::string> words, const Declared& declared, const CommandHelp& help) {
  CLI::App app;
  teach(app, declared.set);
  std::reverse(words.begin(), words.end());  // CLI11 takes them from the back
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    refuse("", error.what());
  }
  if (!declared.help) refuse_extras(app.remaining(), declared.set, help);
}

}  // namespace

std::string version_line() { return "ridgeline " RIDGELINE_VERSION; }

std::string help_for(const std::string& command) {
  const std::vector<Command> all = all_commands();
  Declared declared;
  if (command.empty() || command == kHelpHelp.name) {
    add_program_options(declared);
    return help_page(program_help(), declared.set.options, commands());
  }
  const Command* found = find_command(all, command);
  if (found == nullptr) throw_unknown_name({"", 0, 0, ""}, "command", command, names_of(all));
  declared.action = found->declare(declared.set);
  add_everywhere(declared, found->writes);
  return help_page(found->help, declared.set.options);
}

Invocation parse_command_line(std::vector<std::string> arguments) {
  const std::vector<Command> all = all_commands();
  Declared declared;
  const Command* used = arguments.empty() ? nullptr : find_command(all, arguments.front());
  if (used != nullptr) {
    declared.action = used->declare(declared.set);
    add_everywhere(declared, used->writes);
    arguments.erase(arguments.begin());
    take_words(std::move(arguments), declared, used->help);
    if (declared.help) return {declared.common, printing(help_for(std::string(used->help.name)))};
    for (const auto& check : declared.set.checks) check(declared.common);
    return {declared.common, declared.action};
  }
  if (!arguments.empty() && !arguments.front().starts_with('-'))
    throw_unknown_name({"", 0, 0, ""}, "command", arguments.front(), names_of(all));
  add_program_options(declared);
  take_words(std::move(arguments), declared, program_help());
  if (declared.version) return {declared.common, printing(version_line() + "\n")};
  if (declared.help) return {declared.common, printing(help_for(""))};
  refuse("", "missing command", "`ridgeline help` lists them");
}

}  // namespace ridgeline
