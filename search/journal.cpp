#include "search/journal.hpp"

#include <boost/crc.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"

namespace ridgeline {
namespace {

static_assert(std::endian::native == std::endian::little, "the journal is little-endian");

constexpr std::string_view kJournalMark = "RIDGEJN1";
constexpr std::uint32_t kIdentity = 1, kCheckpoint = 2, kRound = 3;
constexpr std::uint32_t kLargestRecord = 1u << 30;

struct RecordHead {
  std::uint32_t type, size, crc;
};

std::uint32_t crc_of(std::string_view payload) {
  boost::crc_32_type crc;
  crc.process_bytes(payload.data(), payload.size());
  return crc.checksum();
}

class PayloadWriter {
 public:
  template <class T>
  PayloadWriter& add(const T& value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  template <class T>
  PayloadWriter& add(const std::vector<T>& values) {
    add(static_cast<std::uint64_t>(values.size()));
    return add_plain(values);
  }
  template <class T>
  PayloadWriter& add_plain(const std::vector<T>& values) {
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
    return *this;
  }
  PayloadWriter& add(const Population& p) {
    return add(static_cast<std::uint64_t>(p.genome_length))
        .add(static_cast<std::uint64_t>(p.objective_count))
        .add(p.genes)
        .add(p.objectives)
        .add(p.violations);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Of payloads whose checksum is right, so a size that does not fit means another program.
class PayloadReader {
 public:
  explicit PayloadReader(std::string_view bytes) : rest_(bytes) {}
  template <class T>
  T take() {
    T value;
    copy(&value, sizeof value);
    return value;
  }
  template <class T>
  std::vector<T> take_list(std::uint64_t count) {
    if (count > rest_.size() / sizeof(T)) throw Error("a record that is too short");
    std::vector<T> values(static_cast<std::size_t>(count));
    copy(values.data(), values.size() * sizeof(T));
    return values;
  }
  template <class T>
  std::vector<T> take_list() {
    return take_list<T>(take<std::uint64_t>());
  }
  Population take_population() {
    Population p;
    p.genome_length = static_cast<std::size_t>(take<std::uint64_t>());
    p.objective_count = static_cast<std::size_t>(take<std::uint64_t>());
    p.genes = take_list<Gene>();
    p.objectives = take_list<double>();
    p.violations = take_list<double>();
    if (p.genes.size() != p.size() * p.genome_length || p.objectives.size() != p.size() * p.objective_count)
      throw Error("a record whose sizes contradict one another");
    return p;
  }
  std::size_t left() const { return rest_.size(); }

 private:
  void copy(void* to, std::size_t size) {
    if (size > rest_.size()) throw Error("a record that is too short");
    if (size > 0) std::memcpy(to, rest_.data(), size);
    rest_.remove_prefix(size);
  }
  std::string_view rest_;
};

std::string record_of(std::uint32_t type, std::string_view payload) {
  PayloadWriter head;
  head.add(RecordHead{type, static_cast<std::uint32_t>(payload.size()), crc_of(payload)});
  return head.bytes() + std::string(payload);
}

std::string words_of(const SearchIdentity& identity) {
  std::string words;
  for (const auto& [key, value] : identity) words += key + "=" + value + "\n";
  return words;
}

std::string payload_of(const Checkpoint& checkpoint) {
  return PayloadWriter()
      .add(checkpoint.evaluations)
      .add(checkpoint.optimiser.round)
      .add(checkpoint.resolution)
      .add(checkpoint.optimiser.members)
      .add(checkpoint.archive)
      .bytes();
}

Checkpoint checkpoint_of(std::string_view payload) {
  PayloadReader reader(payload);
  Checkpoint checkpoint;
  checkpoint.evaluations = reader.take<std::uint64_t>();
  checkpoint.optimiser.round = reader.take<std::uint64_t>();
  checkpoint.resolution = reader.take<double>();
  checkpoint.optimiser.members = reader.take_population();
  checkpoint.archive = reader.take_population();
  return checkpoint;
}

/// How many bytes were read; fewer than asked for at the end of the file.
std::size_t read_at(int descriptor, std::uint64_t at, char* into, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(descriptor, into + done, size - done, static_cast<off_t>(at + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

Journal::Descriptor& Journal::Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(value_, other.value_);
  return *this;
}

Journal::Descriptor::~Descriptor() {
  if (value_ >= 0) ::close(value_);
}

Journal::Journal(std::filesystem::path file, SearchIdentity identity)
    : file_(std::move(file)), identity_(std::move(identity)) {}

/// For one process at a time.
void Journal::open() {
  Descriptor opened(::open(file_.c_str(), O_RDWR | O_CLOEXEC));
  if (opened.value() < 0) throw Error(fmt::format("{}: cannot be opened: {}", file_.string(), std::strerror(errno)));
  if (::flock(opened.value(), LOCK_EX | LOCK_NB) != 0)
    throw Error(fmt::format("{}: another search is writing it", file_.string()));
  descriptor_ = std::move(opened);
}

Journal Journal::create(const std::filesystem::path& file, const SearchIdentity& identity) {
  if (std::filesystem::exists(file))
    throw Error(
        fmt::format("{}: is there already, of an unfinished search; go on with it, or remove it", file.string()));
  Journal journal(file, identity);
  const std::string start = std::string(kJournalMark) + record_of(kIdentity, words_of(identity));
  write_file_atomically(file, start);
  journal.open();
  journal.end_ = start.size();
  return journal;
}

Journal Journal::resume(const std::filesystem::path& file, const SearchIdentity& identity) {
  Journal journal(file, identity);
  journal.open();
  std::string mark(kJournalMark.size(), '\0');
  const std::size_t size = read_at(journal.descriptor_.value(), 0, mark.data(), mark.size());
  const auto words = mark == kJournalMark ? journal.record(size, kIdentity) : std::nullopt;
  if (!words) throw InputError({file.string(), 0, 0, ""}, "is not the journal of a search");
  journal.check_identity(*words);
  journal.end_ = size + sizeof(RecordHead) + words->size();
  if (const auto payload = journal.record(journal.end_, kCheckpoint)) {
    journal.checkpoint_ = checkpoint_of(*payload);
    journal.end_ += sizeof(RecordHead) + payload->size();
  }
  return journal;
}

void Journal::check_identity(const std::string& found) const {
  std::string_view rest = found;
  for (const auto& [key, value] : identity_) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (!line.starts_with(key + "="))
      throw InputError({file_.string(), 0, 0, ""}, "is a journal of another version of Ridgeline");
    const std::string_view there = line.substr(key.size() + 1);
    if (there != value)
      throw InputError(
          {file_.string(), 0, 0, ""},
          fmt::format("is the journal of another search: {} is '{}' there and '{}' here", key, there, value));
  }
}

std::optional<std::string> Journal::record(std::uint64_t at, std::uint32_t type) const {
  RecordHead head;
  if (read_at(descriptor_.value(), at, reinterpret_cast<char*>(&head), sizeof head) < sizeof head) return {};
  if (head.type != type || head.size > kLargestRecord) return {};
  std::string payload(head.size, '\0');
  if (read_at(descriptor_.value(), at + sizeof head, payload.data(), payload.size()) < payload.size()) return {};
  if (crc_of(payload) != head.crc) return {};
  return payload;
}

bool Journal::read(JournaledRound& round) {
  const auto payload = record(end_, kRound);
  if (!payload) {
    cut(end_);
    return false;
  }
  PayloadReader reader(*payload);
  round.genomes = reader.take<std::uint64_t>();
  round.asked = reader.take<std::uint32_t>();
  round.values = reader.take_list<double>(reader.left() / sizeof(double));
  last_ = end_;
  end_ += sizeof(RecordHead) + payload->size();
  return true;
}

void Journal::drop_last() {
  cut(last_);
  end_ = last_;
}

void Journal::cut(std::uint64_t size) {
  struct stat now {};
  if (::fstat(descriptor_.value(), &now) == 0 && static_cast<std::uint64_t>(now.st_size) == size) return;
  if (::ftruncate(descriptor_.value(), static_cast<off_t>(size)) != 0)
    throw Error(fmt::format("{}: cannot be cut to its whole records: {}", file_.string(), std::strerror(errno)));
}

void Journal::append(const JournaledRound& round) {
  const std::string bytes =
      record_of(kRound, PayloadWriter().add(round.genomes).add(round.asked).add_plain(round.values).bytes());
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t wrote =
        ::pwrite(descriptor_.value(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(end_ + done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      const int reason = wrote < 0 ? errno : ENOSPC;
      cut(end_);
      throw Error(fmt::format("{}: cannot be written: {}; what was evaluated before is kept in it", file_.string(),
                              std::strerror(reason)));
    }
    done += static_cast<std::size_t>(wrote);
  }
  end_ += bytes.size();
}

void Journal::restart(const Checkpoint& checkpoint) {
  const std::string content = std::string(kJournalMark) + record_of(kIdentity, words_of(identity_)) +
                              record_of(kCheckpoint, payload_of(checkpoint));
  write_file_atomically(file_, content);
  open();
  checkpoint_ = checkpoint;
  end_ = content.size();
}

}  // namespace ridgeline
