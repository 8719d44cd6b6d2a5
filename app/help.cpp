#include "app/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "app/table.hpp"

namespace ridgeline {
namespace {

constexpr std::array kProgramExamples{
    Example{"ridgeline estimate bert-base --device raspberry-pi-4", "How long, how many joules, how much memory?"},
    Example{"ridgeline compare bert-base distilbert --device raspberry-pi-4,jetson-nano-gpu",
            "Which is better where?"},
    Example{"ridgeline devices", "What can it run on?"},
    Example{"ridgeline models", "Which models are known by name?"}};

/// "--device NAME", "-h, --help".
std::string left_of(const Option& option) {
  std::string left = option.name;
  const std::size_t comma = left.find(',');
  if (comma != std::string::npos) left.insert(comma + 1, " ");
  return option.type.empty() ? left : left + " " + option.type;
}

constexpr CommandHelp kProgramHelp{
    "", "ridgeline COMMAND [OPTIONS]", "",
    "Latency, energy, peak power and memory of transformers on real devices, without the device.", kProgramExamples};

}  // namespace

const CommandHelp& program_help() { return kProgramHelp; }

std::string help_page(const CommandHelp& help, std::span<const Option> options, std::span<const Command> listed) {
  const Style plain;
  std::string page = paragraph(help.description, 0, plain) + "\nUsage: " + std::string(help.usage) + "\n";
  if (!listed.empty()) {
    Table table{2, {{}, {.wraps = true}}, {}};
    for (const Command& command : listed)
      table.rows.push_back({std::string(command.help.name), std::string(command.help.summary)});
    table.rows.push_back({"help [COMMAND]", "this page, or the page of a command"});
    page += "\nCommands:\n" + render(table, plain);
  }
  std::size_t widest = 0;
  std::vector<std::string> groups;
  for (const Option& option : options) {
    widest = std::max(widest, display_width(left_of(option)));
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  }
  for (const std::string& group : groups) {
    Table table{2, {{}, {.wraps = true}}, {}};
    for (const Option& option : options) {
      if (option.group != group) continue;
      const std::string left = left_of(option);
      table.rows.push_back({left + std::string(widest - display_width(left), ' '), option.text});
    }
    page += fmt::format("\n{}:\n{}", group, render(table, plain));
  }
  page += "\nExamples:\n";
  for (const Example& example : help.examples)
    page += fmt::format("  {}\n      {}\n", example.command, example.meaning);
  return page;
}

}  // namespace ridgeline
