#include "calib/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string_view>

#include "base/error.hpp"

extern char** environ;

namespace ridgeline {
namespace fs = std::filesystem;
namespace {

std::string content(const fs::path& file) {
  std::ifstream in(file);
  std::ostringstream text;
  text << in.rdbuf();
  std::string result = text.str();
  while (!result.empty() && (result.back() == '\n' || result.back() == ' ')) result.pop_back();
  return result;
}

struct FileActions {
  posix_spawn_file_actions_t actions;

  FileActions() { posix_spawn_file_actions_init(&actions); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
};

std::vector<fs::path> program_folders() {
  std::vector<fs::path> folders;
  if (const char* named = std::getenv("RIDGELINE_LIBEXEC")) {
    std::istringstream list{std::string(named)};
    for (std::string folder; std::getline(list, folder, ':');)
      if (!folder.empty()) folders.emplace_back(folder);
  }
  std::error_code ignored;
  const fs::path beside = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  folders.push_back(beside);
  folders.push_back((beside / "../libexec/ridgeline").lexically_normal());
  return folders;
}

}  // namespace

PrivateFolder::PrivateFolder() {
  std::string name = (fs::temp_directory_path() / "ridgeline-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw Error(fmt::format("cannot create a folder {}: {}", name, std::strerror(errno)));
  path_ = name;
}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

fs::path find_program(const std::string& name, const std::string& purpose) {
  std::string searched;
  for (const fs::path& folder : program_folders()) {
    fs::path program = folder / name;
    if (::access(program.c_str(), X_OK) == 0 && !fs::is_directory(program)) return program;
    searched += (searched.empty() ? "" : ", ") + folder.string();
  }
  throw Error(fmt::format(
      "the program {} is not there (looked in {}); {}install the packages of '{}' in scripts/packages.txt "
      "and build again, or name its folder in RIDGELINE_LIBEXEC",
      name, searched, purpose == "train" ? "it comes with libtorch: " : "", purpose));
}

void run_program(const fs::path& program, const std::vector<std::string>& arguments) {
  const PrivateFolder folder;
  const fs::path complaints = folder.path() / "stderr";
  FileActions files;
  posix_spawn_file_actions_addopen(&files.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files.actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&files.actions, STDERR_FILENO, complaints.c_str(), O_WRONLY | O_CREAT, 0600);
  std::string path = program.string();
  std::vector<std::string> words = arguments;
  std::vector<char*> argv{path.data()};
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_t child = 0;
  if (const int failed = ::posix_spawn(&child, path.c_str(), &files.actions, nullptr, argv.data(), environ))
    throw Error(fmt::format("cannot start {}: {}", path, std::strerror(failed)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) throw Error(fmt::format("lost {}: {}", path, std::strerror(errno)));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  const std::string how = WIFSIGNALED(status) ? fmt::format("was ended by signal {}", WTERMSIG(status))
                                              : fmt::format("failed with exit code {}", WEXITSTATUS(status));
  const std::string said = content(complaints);
  throw ProgramError(fmt::format("{} {}{}{}", path, how, said.empty() ? "" : ": ", said),
                     WIFSIGNALED(status) ? -1 : WEXITSTATUS(status), said);
}

}  // namespace ridgeline
