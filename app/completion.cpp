#include "app/completion.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/commands.hpp"
#include "app/option_set.hpp"
#include "base/error.hpp"

namespace ridgeline {
namespace {

/// A command with all that may follow it.
struct CommandWords {
  Command command;
  OptionSet set;
  Action action;  ///< what the set writes to
};

std::vector<CommandWords> declared_commands() {
  std::vector<CommandWords> all;
  for (const Command& command : commands()) {
    CommandWords declared{command, {}, {}};
    declared.action = command.declare(declared.set);
    // What the command line itself takes with every command (app/command_line.cpp).
    const auto nowhere = [](const std::string&) {};
    declared.set.value("", "--out", "FILE", "where the result goes", nowhere);
    declared.set.flag("", "--verbose", "say on stderr what is being done", [] {});
    declared.set.value("", "--log-file", "FILE", "append the same, with times", nowhere);
    declared.set.flag("", "--help", "the page of this command", [] {});
    all.push_back(std::move(declared));
  }
  return all;
}

std::string long_name(const Option& option) { return option.name.substr(option.name.find("--")); }

/// What completes a value: names that the program lists, files, or nothing.
enum class Completed { none, files, devices, runtimes, models, spaces };

Completed source_of(const Option& option) {
  if (option.name == "--device" || option.name == "--devices") return Completed::devices;
  if (option.name == "--runtime") return Completed::runtimes;
  if (option.name == "--space") return Completed::spaces;
  return option.type.starts_with("FILE") || option.type.starts_with("FOLDER") ? Completed::files : Completed::none;
}

Completed source_of(const Positional& word, std::string_view command) {
  if (word.name == "MODEL" || command == "models") return Completed::models;
  if (command == "devices") return Completed::devices;
  if (command == "runtimes") return Completed::runtimes;
  if (command == "space") return Completed::spaces;
  return word.name.starts_with("FILE") || word.name.ends_with(".h5") ? Completed::files : Completed::none;
}

/// The command that lists the names, where there are some.
constexpr std::string_view kListNames[] = {"", "files", "devices", "runtimes", "models", "space"};
std::string_view list_name(Completed source) { return kListNames[static_cast<std::size_t>(source)]; }

std::string bash_script(const std::vector<CommandWords>& all) {
  std::string names = "help", cases;
  for (const CommandWords& d : all) {
    names += fmt::format(" {}", d.command.help.name);
    std::string options, values;
    for (const Option& option : d.set.options) {
      options += (options.empty() ? "" : " ") + long_name(option);
      if (option.takes != Option::Takes::nothing)
        values += fmt::format("        {}) source={} ;;\n", long_name(option),
                              source_of(option) == Completed::none ? "nothing" : list_name(source_of(option)));
    }
    const Completed words =
        d.set.words.empty() ? Completed::none : source_of(d.set.words.front(), d.command.help.name);
    cases += fmt::format("    {})\n      options=\"{}\" words={}\n      case $previous in\n{}      esac ;;\n",
                         d.command.help.name, options, list_name(words), values);
  }
  return fmt::format(R"sh(# Completion of ridgeline for bash: source <(ridgeline completion bash)
_ridgeline_words() {{
  case $1 in
    files) compgen -f -- "$2" ;;
    devices | runtimes | models | space) compgen -W "$("$3" "$1" --csv 2>/dev/null | tail -n +2 | cut -d, -f1)" -- "$2" ;;
  esac
}}
_ridgeline() {{
  local program=${{COMP_WORDS[0]}} current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD - 1]}}
  local options= words= source=
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "{}" -- "$current")
    return
  fi
  case ${{COMP_WORDS[1]}} in
    help) mapfile -t COMPREPLY < <(compgen -W "{}" -- "$current") ;;
{}  esac
  if [ -n "$source" ]; then
    mapfile -t COMPREPLY < <(_ridgeline_words "$source" "$current" "$program")
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [ -n "$words" ]; then
    mapfile -t COMPREPLY < <(_ridgeline_words "$words" "$current" "$program")
  fi
}}
complete -o filenames -F _ridgeline ridgeline
)sh",
                     names, names, cases);
}

/// For a single-quoted specification of _arguments or _describe.
std::string zsh_escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\'')
      escaped += "'\\''";
    else if (c == '[' || c == ']' || c == ':' || c == '\\')
      escaped += std::string("\\") + c;
    else
      escaped += c;
  }
  return escaped;
}

std::string zsh_action(Completed source) {
  if (source == Completed::none) return " ";
  return source == Completed::files ? "_files" : fmt::format("_ridgeline_names {}", list_name(source));
}

std::string zsh_script(const std::vector<CommandWords>& all) {
  std::string names, cases;
  for (const CommandWords& d : all) {
    names += fmt::format("    '{}:{}'\n", d.command.help.name, zsh_escaped(d.command.help.summary));
    std::string specs;
    for (const Option& option : d.set.options) {
      const bool again = option.takes == Option::Takes::a_value || option.takes == Option::Takes::values;
      specs += fmt::format(" \\\n        '{}{}[{}]", again ? "*" : "", long_name(option), zsh_escaped(option.text));
      if (option.takes != Option::Takes::nothing)
        specs += fmt::format(":{}:{}", zsh_escaped(option.type), zsh_action(source_of(option)));
      specs += "'";
    }
    for (const Positional& one : d.set.words)
      specs += fmt::format(" \\\n        '{}:{}:{}'", one.many ? "*" : "", one.name,
                           zsh_action(source_of(one, d.command.help.name)));
    cases += fmt::format("    {})\n      _arguments{} ;;\n", d.command.help.name, specs);
  }
  return fmt::format(R"sh(#compdef ridgeline
# Completion of ridgeline for zsh: source <(ridgeline completion zsh), after compinit
_ridgeline_names() {{
  local -a names
  names=(${{(f)"$($_ridgeline_program $1 --csv 2>/dev/null | tail -n +2 | cut -d, -f1)"}})
  compadd -a names
}}
_ridgeline() {{
  local _ridgeline_program=$words[1]
  local -a commands
  commands=(
{}    'help:the page of a command'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
    help) _describe command commands ;;
{}  esac
}}
compdef _ridgeline ridgeline
)sh",
                     names, cases);
}

Outcome run_completion(const CompletionOptions& options, const Session&) {
  return {options.shell == "bash" ? bash_script(declared_commands()) : zsh_script(declared_commands())};
}

constexpr std::array kCompletionExamples{
    Example{"ridgeline completion bash", "In ~/.bashrc: source <(ridgeline completion bash)"},
    Example{"ridgeline completion zsh", "In ~/.zshrc, after compinit: source <(ridgeline completion zsh)"}};

constexpr CommandHelp kCompletionHelp{
    "completion", "ridgeline completion SHELL", "completion of commands, options and names for bash and zsh",
    "Prints a script for SHELL, bash or zsh, that completes commands, options, files, and names of devices, "
    "runtimes, models and spaces.",
    kCompletionExamples};

void declare_completion(OptionSet& set, CompletionOptions& o) {
  set.word("SHELL", o.shell);
  set.check([&o](const CommonOptions&) {
    const std::vector<std::string> shells{"bash", "zsh"};
    if (o.shell.empty()) refuse("completion", "missing SHELL", "bash or zsh");
    if (std::find(shells.begin(), shells.end(), o.shell) == shells.end())
      throw_unknown_name({}, "shell", o.shell, shells);
  });
}

}  // namespace

Command completion_command() { return make_command(kCompletionHelp, declare_completion, run_completion); }

}  // namespace ridgeline
