#include "search/accuracy_command.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

#include "base/error.hpp"
#include "base/file.hpp"
#include "calib/child_process.hpp"
#include "model/readers.hpp"

extern char** environ;

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string without_trailing_blanks(std::string text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.pop_back();
  return text;
}

/// FNV-1a, for names of files.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return hash;
}

std::optional<double> accuracy_in(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0 && value <= 1)) return std::nullopt;
  return value;
}

struct Spawn {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Spawn() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~Spawn() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
};

/// Its own process group, so that all of it can be ended.
pid_t start_command(const std::string& command, const fs::path& model, const fs::path& out, const fs::path& err) {
  Spawn spawn;
  posix_spawn_file_actions_addopen(&spawn.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&spawn.files, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawn_file_actions_addopen(&spawn.files, STDERR_FILENO, err.c_str(), O_WRONLY | O_CREAT, 0600);
  posix_spawnattr_setflags(&spawn.attributes, POSIX_SPAWN_SETPGROUP);
  std::string words[] = {"sh", "-c", command + " \"$1\"", "ridgeline", model.string()};
  char* argv[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), nullptr};
  pid_t child = 0;
  if (const int failed = ::posix_spawn(&child, "/bin/sh", &spawn.files, &spawn.attributes, argv, environ))
    throw Error(fmt::format("cannot start /bin/sh: {}", std::strerror(failed)));
  return child;
}

/// The child's status; empty when it takes too long, and then it is ended.
std::optional<int> wait_for(pid_t child, Seconds timeout) {
  // glibc 2.36 declares pidfd_open() for C only.
  const auto handle = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  bool in_time = false;
  if (handle >= 0) {
    pollfd watched{handle, POLLIN, 0};
    const double milliseconds = std::min(timeout.si() * 1e3, 2e9);
    int ready = 0;
    do ready = ::poll(&watched, 1, static_cast<int>(milliseconds));
    while (ready < 0 && errno == EINTR);
    in_time = ready > 0;
    ::close(handle);
  }
  if (!in_time) ::kill(-child, SIGKILL);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) throw Error(fmt::format("lost the accuracy command: {}", std::strerror(errno)));
  if (handle < 0) throw Error("the accuracy command cannot be watched: this kernel has no pidfd_open");
  return in_time ? std::optional(status) : std::nullopt;
}

double ask(const std::string& command, const std::string& model, Seconds timeout) {
  const PrivateFolder folder;
  const fs::path description = folder.path() / "model.yaml", out = folder.path() / "out", err = folder.path() / "err";
  std::ofstream(description) << model;
  const std::optional<int> status = wait_for(start_command(command, description, out, err), timeout);
  const auto fail = [&](const std::string& what) {
    const std::string said = without_trailing_blanks(content_of(err));
    throw Error(fmt::format("accuracy command '{}' {}{}{}", command, what, said.empty() ? "" : ": ", said));
  };
  if (!status) fail(fmt::format("took longer than {}", format(timeout)));
  if (WIFSIGNALED(*status)) fail(fmt::format("was ended by signal {}", WTERMSIG(*status)));
  if (WEXITSTATUS(*status) != 0) fail(fmt::format("failed with exit code {}", WEXITSTATUS(*status)));
  const std::string printed = without_trailing_blanks(content_of(out));
  const std::size_t line = printed.rfind('\n');
  const std::string last = line == std::string::npos ? printed : printed.substr(line + 1);
  const std::optional<double> accuracy = accuracy_in(last);
  if (!accuracy) fail(fmt::format("must print an accuracy from 0 to 1 on its last line, not '{}'", last));
  return *accuracy;
}

}  // namespace

CommandAccuracy::CommandAccuracy(std::string command, fs::path cache, Seconds timeout)
    : info_{.source = "command:" + command,
            .metric = "accuracy",
            .predicted = false,
            .supported = true,
            .verdict = fmt::format("as the command '{}' says", command)},
      command_(std::move(command)),
      cache_(std::move(cache)),
      timeout_(timeout) {
  std::error_code failed;
  fs::create_directories(cache_, failed);
  if (failed) throw Error(fmt::format("cannot create the folder {}: {}", cache_.string(), failed.message()));
}

double CommandAccuracy::accuracy(const Architecture& architecture) const {
  Architecture nameless = architecture;
  nameless.name = "candidate";
  const std::string model = to_yaml(nameless);
  const std::string question = command_ + "\n" + model;
  // Questions of equal hash stand side by side.
  fs::path file;
  for (int next = 0;; ++next) {
    file = cache_ / fmt::format("{:016x}-{}.txt", hash_of(question), next);
    const std::string known = content_of(file);
    if (known.empty()) break;
    const std::size_t line = known.find('\n');
    if (line == std::string::npos || std::string_view(known).substr(line + 1) != question) continue;
    if (const std::optional<double> accuracy = accuracy_in(std::string_view(known).substr(0, line))) return *accuracy;
    throw Error(
        fmt::format("{}: expected an accuracy on its first line; remove the file to ask again", file.string()));
  }
  const double accuracy = ask(command_, model, timeout_);
  write_file_atomically(file, fmt::format("{}\n{}", accuracy, question));
  return accuracy;
}

}  // namespace ridgeline
