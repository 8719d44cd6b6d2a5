#include "search/recorder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/error.hpp"
#include "search/parallel.hpp"

namespace ridgeline {
namespace {

/// Of the first genomes of a round.
std::uint64_t round_hash(std::span<const std::uint64_t> hashes) {
  std::uint64_t hash = 0;
  for (const std::uint64_t one : hashes) hash = std::rotl(hash, 7) * 0x9e3779b97f4a7c15 + one;
  return hash;
}

}  // namespace

Recorder::Recorder(Evaluate evaluate, std::optional<Journal> journal, RecorderOptions options)
    : evaluate_(std::move(evaluate)), journal_(std::move(journal)), options_(options) {
  if (!std::has_single_bit(options_.places)) throw Error("a recorder needs a power of two of places");
  replaying_ = journal_.has_value();
}

std::uint64_t Recorder::restore(AnyOptimiser& optimiser, ParetoArchive& archive) const {
  if (!journal_ || !journal_->checkpoint()) return 0;
  const Checkpoint& from = *journal_->checkpoint();
  optimiser.restore(from.optimiser);
  archive.restore(from.archive, from.resolution);
  return from.evaluations;
}

bool Recorder::look_up(std::uint64_t hash, Population& designs, std::size_t i) const {
  const std::size_t at = place(hash);
  if (hash_at_[at] != hash || !std::ranges::equal(memory_.genome(at), designs.genome(i))) return false;
  std::ranges::copy(memory_.values(at),
                    designs.objectives.begin() + static_cast<std::ptrdiff_t>(i * designs.objective_count));
  designs.violations[i] = memory_.violations[at];
  return true;
}

void Recorder::remember(std::uint64_t hash, const Population& designs, std::size_t i) {
  const std::size_t at = place(hash);
  hash_at_[at] = hash;
  memory_.assign(at, designs, i);
}

std::size_t Recorder::replay(const Population& designs) {
  if (!replaying_) return 0;
  if (!journal_->read(round_)) {
    replaying_ = false;
    return 0;
  }
  const std::size_t width = designs.objective_count + 1, known = round_.values.size() / width;
  const std::size_t asked = std::min<std::size_t>(round_.asked, designs.size());
  const auto expected =
      static_cast<std::size_t>(std::ranges::lower_bound(fresh_, static_cast<std::uint32_t>(asked)) - fresh_.begin());
  const bool same = round_.asked > designs.size() || round_hash(std::span(hashes_).first(asked)) == round_.genomes;
  if (!same || known < expected || (round_.asked <= designs.size() && known != expected))
    throw Error(fmt::format("{}: holds other designs than this search asks for; it cannot go on from there",
                            journal_->file().string()));
  return expected;
}

void Recorder::evaluate(Population& designs) {
  if (hash_at_.empty()) {
    memory_ = {.genome_length = designs.genome_length, .objective_count = designs.objective_count};
    memory_.resize(options_.places);
    hash_at_.assign(options_.places, 0);
  }
  hashes_.resize(designs.size());
  met_.resize(designs.size());
  parallel_for(designs.size(), options_.threads, [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i < last; ++i) {
      hashes_[i] = genome_hash(designs.genome(i)) | 1;  // 0 marks an empty place
      met_[i] = look_up(hashes_[i], designs, i);
    }
  });
  fresh_.clear();
  for (std::size_t i = 0; i < designs.size(); ++i)
    if (!met_[i]) fresh_.push_back(static_cast<std::uint32_t>(i));
  repeats_ += designs.size() - fresh_.size();

  const std::size_t known = replay(designs), width = designs.objective_count + 1;
  journaled_ = known == fresh_.size() && replaying_ && round_.asked >= designs.size();
  for (std::size_t k = 0; k < known; ++k) {
    const double* row = round_.values.data() + k * width;
    std::copy_n(row, designs.objective_count, designs.objectives.data() + fresh_[k] * designs.objective_count);
    designs.violations[fresh_[k]] = row[designs.objective_count];
  }
  if (known < fresh_.size()) {
    asked_.genome_length = designs.genome_length;
    asked_.objective_count = designs.objective_count;
    asked_.resize(fresh_.size() - known);
    for (std::size_t k = known; k < fresh_.size(); ++k) asked_.assign(k - known, designs, fresh_[k]);
    evaluate_(asked_);
    for (std::size_t k = known; k < fresh_.size(); ++k) designs.assign(fresh_[k], asked_, k - known);
  }
}

void Recorder::record(const Population& designs) {
  for (const std::uint32_t i : fresh_) remember(hashes_[i], designs, i);
  if (!journal_ || journaled_) return;

  // A round that an earlier run cut short at the end of its budget is written anew as a whole.
  if (replaying_) journal_->drop_last(), replaying_ = false;
  round_.genomes = round_hash(hashes_);
  round_.asked = static_cast<std::uint32_t>(designs.size());
  round_.values.clear();
  for (const std::uint32_t i : fresh_) {
    const auto values = designs.values(i);
    round_.values.insert(round_.values.end(), values.begin(), values.end());
    round_.values.push_back(designs.violations[i]);
  }
  journal_->append(round_);
}

void Recorder::settle(std::uint64_t evaluations, const AnyOptimiser& optimiser, const ParetoArchive& archive) {
  if (!journal_ || replaying_ || journal_->bytes() <= options_.journal_bytes) return;
  journal_->restart({evaluations, optimiser.state(), archive.members(), archive.resolution()});
  std::ranges::fill(hash_at_, 0);
}

}  // namespace ridgeline
