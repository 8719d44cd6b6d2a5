#include "app/replay.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/arguments.hpp"
#include "app/measured.hpp"
#include "app/option_groups.hpp"
#include "app/replay_output.hpp"
#include "base/error.hpp"
#include "calib/calibrate.hpp"
#include "calib/library.hpp"

namespace ridgeline {
namespace {

constexpr CommandHelp kReplayBasics{"replay", "ridgeline replay --device NAME --data FILE... [OPTIONS]", "", "", {}};

ChoiceRule parse_rule(std::string_view text) {
  using Rule = std::pair<std::string_view, ChoiceRule>;
  constexpr std::array choices{Rule{"active", ChoiceRule::active}, Rule{"random", ChoiceRule::random},
                               Rule{"space-filling", ChoiceRule::space_filling},
                               Rule{"protran", ChoiceRule::protran}};
  return parse_choice("--rule", "rule", text, choices);
}

std::vector<std::size_t> parse_sizes(const Words& words) {
  std::vector<std::size_t> sizes;
  for (const std::string& word : parse_names("--rows", words))
    sizes.push_back(static_cast<std::size_t>(parse_count("--rows", word, 1, 1'000'000)));
  if (sizes.size() < 2 || std::adjacent_find(sizes.begin(), sizes.end(), std::greater_equal<>()) != sizes.end())
    refuse("--rows", "a learning curve takes two numbers of rows or more, rising", "for example --rows 5,10,20,40");
  return sizes;
}

std::string print(const ReplayResult& result, Output output, const Style& style) {
  switch (output) {
    case Output::json:
      return replay_json(result);
    case Output::csv:
      return replay_csv(result);
    case Output::text:
      break;
  }
  return replay_text(result, style);
}

Outcome run_replay(const ReplayCommandOptions& options, const Session& session) {
  return {print(compute_replay(options, session), options.output, session.style)};
}

void declare_replay(OptionSet& set, ReplayCommandOptions& o) {
  const std::string group = "Choice";
  add_data(set, o.data);
  set.repeatable(group, "--rule", "RULE",
                 "active, random, space-filling or protran, several with commas; default active,random,protran",
                 [&o](const Words& words) {
                   o.rules.clear();
                   for (const std::string& word : parse_names("--rule", words)) o.rules.push_back(parse_rule(word));
                 });
  set.repeatable(group, "--rows", "N",
                 "how many rows are fitted where the curve is scored, with commas; default 5,8,12,16,20,28,40,56,80,"
                 "110,150,200, as far as rows are there",
                 [&o](const Words& words) { o.sizes = parse_sizes(words); });
  set.value(group, "--seeds", "N", "draws of what is held out; default 20",
            [&o](const std::string& s) { o.seeds = static_cast<std::size_t>(parse_count("--seeds", s, 1, 10'000)); });
  add_seed(set, group, o.seed);
  add_output(set, o.output);
  set.check([&o](const CommonOptions&) { require_data(o.data, kReplayBasics); });
}

constexpr std::array kReplayExamples{
    Example{"ridgeline replay --device raspberry-pi-4 --data measurements.csv --rows 1,2,3 --seeds 2",
            "Would choosing have learnt this board faster than chance?"},
    Example{"ridgeline replay --device raspberry-pi-4 --data measurements.csv --rule active,space-filling --rows 1,3 "
            "--seeds 2 --json",
            "Learning curves of two rules, for scripts."}};

constexpr CommandHelp kReplayHelp{
    kReplayBasics.name, kReplayBasics.usage, "how fast rules of choice learn a device, replayed on measurements",
    "Plays the choice of what to measure next again on rows that are measured already: some are held out, each rule "
    "chooses from the others, and the fit to what it chose is scored on those held out. `measure --choose` is guided "
    "by the same rules.",
    kReplayExamples};

}  // namespace

ReplayResult compute_replay(const ReplayCommandOptions& options, const Session& session) {
  const Measured measured = find_measured(options.data);
  const FitProblem problem = make_problem(measured);
  std::vector<std::size_t> all(problem.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const Prior prior =
      calibration_prior(problem, all, measured.device.kind, lessons_from_elsewhere(shipped_lessons(), measured.set));
  ReplayOptions how;
  how.rules = options.rules;
  if (!options.sizes.empty()) how.sizes = options.sizes;
  how.seeds = options.seeds;
  how.first_seed = options.seed;
  how.progress = session.progress;
  const auto pool = static_cast<std::size_t>((1 - how.held_out) * static_cast<double>(problem.size()));
  if (how.sizes[1] > pool)
    throw InputError({"--rows", 0, 0, ""},
                     fmt::format("{} of the {} rows of {} may be chosen, the others are held out: a curve from {} to "
                                 "{} rows needs more",
                                 pool, problem.size(), measured.set.name, how.sizes[0], how.sizes[1]));
  session.log->info("replaying {} seeds on {}", how.seeds, describe(key_of(measured.set)));
  return {measured.set, options, replay(problem, prior, how)};
}

Command replay_command() { return make_command(kReplayHelp, declare_replay, run_replay); }

}  // namespace ridgeline
