#include "search/optimiser.hpp"

#include <cstring>

#include "search/parallel.hpp"

namespace ridgeline {
namespace {

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

Random stream(std::uint64_t seed, std::uint64_t round, std::uint64_t child) {
  return Random(mixed(mixed(mixed(seed + kGolden) + round + kGolden) + child + kGolden));
}

std::uint64_t genome_hash(std::span<const Gene> genome) {
  std::uint64_t hash = genome.size() * kGolden;
  std::size_t i = 0;
  for (; i + 4 <= genome.size(); i += 4) {
    std::uint64_t word = 0;
    std::memcpy(&word, genome.data() + i, sizeof word);
    hash = (hash ^ word) * 0xff51afd7ed558ccd;
    hash ^= hash >> 32;
  }
  for (; i < genome.size(); ++i) hash = (hash ^ genome[i]) * 0xff51afd7ed558ccd;
  return mixed(hash);
}

std::uint64_t run_search(AnyOptimiser& optimiser, const Evaluate& evaluate, std::uint64_t evaluations,
                         const Observe& observe, const Beside& beside) {
  Population designs;
  std::uint64_t done = 0;
  while (done < evaluations) {
    optimiser.ask(designs);
    if (designs.size() == 0) break;
    if (designs.size() > evaluations - done) designs.resize(static_cast<std::size_t>(evaluations - done));
    evaluate(designs);
    if (beside.work)
      parallel_both(
          beside.threads, [&] { optimiser.tell(designs); }, [&] { beside.work(designs); });
    else
      optimiser.tell(designs);
    done += designs.size();
    if (observe && !observe(designs, optimiser)) break;
  }
  return done;
}

}  // namespace ridgeline
