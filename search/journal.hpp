// The journal of a search: a file to which every evaluation is appended, so that a search can be killed at any moment
// and go on later as if nothing had happened.
//
// Optimisers repeat themselves exactly (search/optimiser.hpp), so genomes need not be kept: the journal holds what
// designs were found to be, in the order in which they were asked for, and a hash of the genomes of each round to
// make sure. To go on, the optimiser asks for the same rounds again and is told what the journal says
// (search/recorder.hpp) until the journal ends; nothing is evaluated twice. From time to time all that a search
// remembers is written as a checkpoint into a new file that replaces the old one, which bounds the size of the file
// and the time of a replay.
//
//   "RIDGEJN1", then records: u32 type, u32 size, u32 CRC-32 of the payload, payload; little-endian
//   1  identity     lines of key=value: of which search this is; the first record
//   2  checkpoint   evaluations, round, resolution, members of the optimiser, members of the archive; the second
//                   record, or none
//   3  round        u64 hash of the genomes, u32 designs asked for, u32 how many of them were evaluated (others had
//                   been met before), then of each evaluated one its objectives and its violation
//
// A record that is cut off or damaged ends the journal: it and whatever follows are evaluated anew. A power cut may
// take the last seconds; kill -9 takes at most the round that was being written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "search/optimiser.hpp"

namespace ridgeline {

/// Everything that a search remembers between two rounds.
struct Checkpoint {
  std::uint64_t evaluations = 0;
  OptimiserState optimiser = {};
  Population archive = {};
  double resolution = 0;  ///< of the archive
};

struct JournaledRound {
  std::uint64_t genomes = 0;  ///< hash
  std::uint32_t asked = 0;
  std::vector<double> values = {};  ///< rows of objectives and violation
};

/// What a search is, as words: space, objectives, optimiser, seed, ... Two searches with equal words evaluate the
/// same designs to the same values.
using SearchIdentity = std::vector<std::pair<std::string, std::string>>;

class Journal {
 public:
  /// A new file. Error where there is one already, or it cannot be written.
  static Journal create(const std::filesystem::path& file, const SearchIdentity& identity);
  /// Goes on with a file. InputError when it is no journal, or one of another search: which word differs, and how.
  /// Error when another process is writing it.
  static Journal resume(const std::filesystem::path& file, const SearchIdentity& identity);

  /// Where the file starts; empty: at the beginning of the search.
  const std::optional<Checkpoint>& checkpoint() const { return checkpoint_; }
  /// The next recorded round; false from the end on. A damaged end is cut off.
  bool read(JournaledRound& round);
  /// Drops the round that was read last and what follows, so that it can be written anew.
  void drop_last();

  // After read() has said false. Error when the file cannot be written: it then ends with the last whole record.
  void append(const JournaledRound& round);
  /// Replaces the file by one that starts here.
  void restart(const Checkpoint& checkpoint);
  std::uint64_t bytes() const { return end_; }
  const std::filesystem::path& file() const { return file_; }

 private:
  class Descriptor {
   public:
    explicit Descriptor(int value = -1) : value_(value) {}
    Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    int value() const { return value_; }

   private:
    int value_;
  };
  Journal(std::filesystem::path file, SearchIdentity identity);
  void open();
  void check_identity(const std::string& found) const;
  /// The payload of the record at `at`; empty when there is none, or a damaged one.
  std::optional<std::string> record(std::uint64_t at, std::uint32_t type) const;
  void cut(std::uint64_t size);

  std::filesystem::path file_;
  SearchIdentity identity_;
  Descriptor descriptor_;
  std::optional<Checkpoint> checkpoint_;
  std::uint64_t last_ = 0;  ///< where the record starts that was read last
  std::uint64_t end_ = 0;   ///< of what was read or written
};

}  // namespace ridgeline
