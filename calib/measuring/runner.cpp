#include "calib/measuring/runner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "base/error.hpp"
#include "calib/child_process.hpp"
#include "model/given_graph.hpp"

extern char** environ;

namespace ridgeline {
namespace {

using Json = nlohmann::ordered_json;
using SteadyClock = std::chrono::steady_clock;

constexpr double kForever = std::numeric_limits<double>::infinity();

/// A program with pipes to its stdin and from its stdout.
class Child {
 public:
  explicit Child(const std::string& program) {
    std::array<int, 2> in{-1, -1}, out{-1, -1};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) {
      const int error = errno;
      to_ = in[1], from_ = in[0];
      close_pipes();
      throw Error(fmt::format("cannot make a pipe: {}", std::strerror(error)));
    }
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::string path = program;
    std::array<char*, 2> argv{path.data(), nullptr};
    const int failed = ::posix_spawn(&process_, path.c_str(), &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    to_ = in[1], from_ = out[0];
    if (failed != 0) {
      close_pipes();
      throw Error(fmt::format("cannot start {}: {}", path, std::strerror(failed)));
    }
  }
  ~Child() {
    close_pipes();
    ::kill(process_, SIGKILL);  // it holds nothing but memory
    ::waitpid(process_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  int process() const { return process_; }

  /// Sends one line and waits for one; nothing when the program has died. TookTooLong after `patience` s.
  std::optional<std::string> ask(const std::string& line, double patience) {
    const SteadyClock::time_point asked = SteadyClock::now();
    const std::string whole = line + "\n";
    for (std::size_t sent = 0; sent < whole.size();) {
      const ssize_t n = ::write(to_, whole.data() + sent, whole.size() - sent);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return std::nullopt;
      sent += static_cast<std::size_t>(n);
    }
    for (;;) {
      const std::size_t end = read_.find('\n');
      if (end != std::string::npos) {
        std::string answer = read_.substr(0, end);
        read_.erase(0, end + 1);
        return answer;
      }
      if (!something_to_read(patience - std::chrono::duration<double>(SteadyClock::now() - asked).count()))
        throw TookTooLong(fmt::format("no answer in {:.3g} s", patience));
      std::array<char, 65536> buffer;
      const ssize_t n = ::read(from_, buffer.data(), buffer.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return std::nullopt;
      read_.append(buffer.data(), static_cast<std::size_t>(n));
    }
  }

 private:
  /// Waits for it, or for the program's end; false when `patience` s are over.
  bool something_to_read(double patience) const {
    if (patience <= 0) return false;
    pollfd waiting{from_, POLLIN, 0};
    constexpr double longest = 1e6;  // s, of what fits into an int of milliseconds
    return ::poll(&waiting, 1, patience < longest ? static_cast<int>(std::ceil(1e3 * patience)) : -1) != 0;
  }

  void close_pipes() const {
    if (to_ >= 0) ::close(to_);
    if (from_ >= 0) ::close(from_);
  }

  pid_t process_ = 0;
  int to_ = -1, from_ = -1;
  std::string read_;
};

class Runner {
 public:
  explicit Runner(const RunnerOptions& options)
      : options_(options), program_(options.program.empty() ? find_program("ridgeline-run") : options.program) {
    ::signal(SIGPIPE, SIG_IGN);  // a program that died is met as an error of write()
  }

  void load(const Model& model, const Workload& w, double patience) { ask({{"load", job(model, w)}}, patience); }

  std::string record(const Model& model, const Workload& w) {
    return ask({{"record", job(model, w)}}, kForever).at("calls");
  }

  Runs run(std::size_t times, double patience) {
    const Json answer = ask({{"run", times}}, patience);
    Runs runs;
    runs.start = answer.at("start");
    runs.end = answer.at("end");
    for (const Json& one : answer.at("runs")) {
      auto& phases = runs.phases.emplace_back();
      for (const auto& [phase, seconds] : one.items()) phases.emplace_back(phase, seconds.get<double>());
    }
    return runs;
  }

  Runs run_operators(std::size_t times, double patience) {
    const Json answer = ask({{"operators", times}}, patience);
    Runs runs;
    runs.start = answer.at("start");
    runs.end = answer.at("end");
    runs.phases.resize(times);
    for (const Json& one : answer.at("operators")) {
      OperatorRuns& op = runs.operators.emplace_back();
      op.op = {one.at("phase"), one.at("vertex"), one.at("label")};
      op.seconds = one.at("seconds").get<std::vector<double>>();
      if (op.seconds.size() != times)
        throw Error(fmt::format("{} runs were asked for, {} came", times, op.seconds.size()));
      for (std::size_t r = 0; r < times; ++r) {
        auto& phases = runs.phases[r];
        if (phases.empty() || phases.back().first != op.op.phase) phases.emplace_back(op.op.phase, 0);
        phases.back().second += op.seconds[r];
      }
    }
    return runs;
  }

  std::optional<double> product_rate(Precision precision, double seconds) {
    const Json answer =
        ask({{"products", {{"precision", name(precision)}, {"threads", options_.threads}, {"seconds", seconds}}}},
            kForever);
    const Json& rate = answer.at("rate");
    return rate.is_null() ? std::nullopt : std::optional(rate.get<double>());
  }

  double read_rate(Bytes bytes, double seconds) {
    return ask({{"reading",
                 {{"bytes", static_cast<std::int64_t>(bytes.si())},
                  {"threads", options_.threads},
                  {"seconds", seconds}}}},
               kForever)
        .at("rate");
  }

  std::map<std::string, std::string> about() {
    std::map<std::string, std::string> all;
    const Json answer = ask({{"about", options_.threads}}, kForever);
    for (const auto& [key, value] : answer.items()) all[key] = value.get<std::string>();
    return all;
  }

  void ready() {
    if (!child_) about();
  }

  int process() const { return child_ ? child_->process() : 0; }

 private:
  Json job(const Model& model, const Workload& w) const {
    return {{"model", to_yaml(model)},
            {"task", name(w.task)},
            {"batch", w.batch},
            {"length", w.length},
            {"new_tokens", w.new_tokens},
            {"beams", w.beams},
            {"precision", name(w.numerics.activations)},
            {"optimiser", w.optimiser == Optimiser::adam ? "adam" : "sgd"},
            {"threads", options_.threads},
            {"seed", options_.seed}};
  }

  Json ask(const Json& question, double patience) {
    if (!child_) child_ = std::make_unique<Child>(program_.string());
    std::optional<std::string> line;
    try {
      line = child_->ask(question.dump(), patience);
    } catch (const TookTooLong&) {
      child_.reset();
      throw;
    }
    if (!line) {
      child_.reset();
      throw Error(fmt::format("{} died; out of memory?", program_.string()));
    }
    Json answer = Json::parse(*line, nullptr, false);
    if (answer.is_discarded()) {
      child_.reset();
      throw Error(fmt::format("{} answered '{}'", program_.string(), line->substr(0, 200)));
    }
    if (const auto error = answer.find("error"); error != answer.end()) throw Error(error->get<std::string>());
    return answer;
  }

  RunnerOptions options_;
  std::filesystem::path program_;
  std::unique_ptr<Child> child_;
};

}  // namespace

double Runs::seconds(std::size_t run) const {
  double sum = 0;
  for (const auto& [phase, seconds] : phases[run]) sum += seconds;
  return sum;
}

ModelRunner start_runner(const RunnerOptions& options) {
  const auto runner = std::make_shared<Runner>(options);
  return {[runner] { runner->ready(); },
          [runner](const Model& model, const Workload& workload, double patience) {
            runner->load(model, workload, patience);
          },
          [runner](std::size_t times, double patience) { return runner->run(times, patience); },
          [runner](std::size_t times, double patience) { return runner->run_operators(times, patience); },
          [runner](const Model& model, const Workload& workload) { return runner->record(model, workload); },
          [runner](Precision precision, double seconds) { return runner->product_rate(precision, seconds); },
          [runner](Bytes bytes, double seconds) { return runner->read_rate(bytes, seconds); },
          [runner] { return runner->about(); },
          [runner] { return runner->process(); }};
}

}  // namespace ridgeline
