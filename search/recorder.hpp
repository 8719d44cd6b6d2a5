// Evaluation that remembers: designs met before are looked up, and a journal has every result.
//
// The memory is bounded: a table of fixed size in which a design replaces another of the same place. It is emptied at
// every checkpoint of the journal, so that a search that goes on from there finds just what the one before it found.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "search/archive.hpp"
#include "search/journal.hpp"

namespace ridgeline {

struct RecorderOptions {
  std::size_t places = 1u << 16;              ///< designs that are remembered, at most; a power of two
  std::uint64_t journal_bytes = 64ull << 20;  ///< beyond that the journal is replaced by a checkpoint
  int threads = 1;                            ///< that look designs up
};

class Recorder {
 public:
  /// Without a journal nothing is kept on disk.
  Recorder(Evaluate evaluate, std::optional<Journal> journal, RecorderOptions options = {});

  /// Takes optimiser and archive to where the journal starts; returns how many evaluations that is.
  std::uint64_t restore(AnyOptimiser& optimiser, ParetoArchive& archive) const;
  /// Of each round in turn, as run_search() has it. Error when the journal holds other designs than the optimiser
  /// asks for.
  void evaluate(Population& designs);
  /// Remembers the round just evaluated and journals it: before the next, and beside what else is told of it. Error
  /// when the journal cannot be written.
  void record(const Population& designs);
  /// After each round, when optimiser and archive have been told: takes a checkpoint when it is time.
  void settle(std::uint64_t evaluations, const AnyOptimiser& optimiser, const ParetoArchive& archive);

  bool replaying() const { return replaying_; }
  /// Designs that were looked up instead of being evaluated again.
  std::uint64_t repeats() const { return repeats_; }

 private:
  std::size_t place(std::uint64_t hash) const { return static_cast<std::size_t>(hash) & (options_.places - 1); }
  bool look_up(std::uint64_t hash, Population& designs, std::size_t i) const;
  void remember(std::uint64_t hash, const Population& designs, std::size_t i);
  /// Values of the first of the new designs, as far as the journal has them.
  std::size_t replay(const Population& designs);

  Evaluate evaluate_;
  std::optional<Journal> journal_;
  RecorderOptions options_;
  bool replaying_ = false;
  std::uint64_t repeats_ = 0;
  Population memory_;                   ///< by place
  std::vector<std::uint64_t> hash_at_;  ///< by place; 0: empty
  std::vector<std::uint64_t> hashes_;   ///< of the round
  std::vector<char> met_;               ///< of the round: looked up
  bool journaled_ = false;              ///< the round, by an earlier run
  std::vector<std::uint32_t> fresh_;    ///< of the round: to be evaluated
  Population asked_;
  JournaledRound round_;
};

}  // namespace ridgeline
