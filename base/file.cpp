#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>

#include "base/error.hpp"

namespace ridgeline {
namespace {

/// Holds back Ctrl-C and its kin, so that no temporary file survives them; they arrive on destruction.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t held;
    sigemptyset(&held);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&held, signal);
    pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

[[noreturn]] void fail(const std::filesystem::path& file, int reason) {
  throw Error(fmt::format("{}: cannot be written: {}", file.string(), std::strerror(reason)));
}

/// 0, or errno.
int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno != EINTR) return errno;
    if (written > 0) content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// Permissions that a plain open() would have given.
mode_t default_mode() {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666 & ~mask;
}

void write_directly(const std::filesystem::path& file, std::string_view content) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) fail(file, errno);
  const int reason = write_all(descriptor, content);
  ::close(descriptor);
  if (reason != 0) fail(file, reason);
}

}  // namespace

std::string read_file(const std::filesystem::path& file) {
  const InputLocation at{file.string(), 0, 0, {}};
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) throw InputError(at, "this is a folder, not a file");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw InputError(at, fmt::format("cannot open the file: {}", std::strerror(errno)));
  std::string bytes;
  std::array<char, 1 << 16> piece;
  while (stream.read(piece.data(), piece.size()) || stream.gcount() > 0)
    bytes.append(piece.data(), static_cast<std::size_t>(stream.gcount()));
  if (stream.bad()) throw InputError(at, "cannot read the file");
  return bytes;
}

void write_file_atomically(const std::filesystem::path& file, std::string_view content) {
  struct stat present {};
  const bool exists = ::stat(file.c_str(), &present) == 0;
  if (exists && S_ISDIR(present.st_mode)) fail(file, EISDIR);
  if (exists && !S_ISREG(present.st_mode)) return write_directly(file, content);
  if (file.filename().empty()) fail(file, ENOENT);

  const SignalsHeld held;
  const std::filesystem::path target = exists ? std::filesystem::canonical(file) : file;
  std::string temporary = (target.parent_path() / fmt::format(".{}.XXXXXX", target.filename().string())).string();
  const int descriptor = ::mkostemp(temporary.data(), O_CLOEXEC);
  if (descriptor < 0) fail(file, errno);

  int reason = write_all(descriptor, content);
  if (reason == 0 && ::fchmod(descriptor, exists ? present.st_mode & 07777 : default_mode()) != 0) reason = errno;
  if (reason == 0 && ::fsync(descriptor) != 0) reason = errno;
  if (::close(descriptor) != 0 && reason == 0) reason = errno;
  if (reason == 0 && ::rename(temporary.c_str(), target.c_str()) != 0) reason = errno;
  if (reason != 0) {
    ::unlink(temporary.c_str());
    fail(file, reason);
  }
}

}  // namespace ridgeline
