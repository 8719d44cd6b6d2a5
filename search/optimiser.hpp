// Optimisers ask for evaluations and are told the results; they never evaluate themselves.
//
// What an optimiser remembers between rounds is an OptimiserState, a plain value: a run that is continued from a
// state goes on exactly as the run that produced it. Every random number comes from a stream of its own, given by the
// seed, the round and the place of the child, so that results do not depend on how many threads make children.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/random.hpp"
#include "search/dominance.hpp"
#include "search/space.hpp"

namespace ridgeline {

struct OptimiserState {
  std::uint64_t round = 0;
  Population members;  ///< those that the next round builds on; empty for optimisers without memory
};

template <class O>
concept SearchOptimiser = std::move_constructible<O> && requires(O o, const O c, Population& p, OptimiserState s) {
  o.ask(p);   // resizes p to the round's designs and writes their genomes; none: finished
  o.tell(p);  // the same, with objectives and violations
  { c.state() } -> std::convertible_to<const OptimiserState&>;
  o.restore(std::move(s));
};

/// Owns any SearchOptimiser.
class AnyOptimiser {
 public:
  template <SearchOptimiser O>
  AnyOptimiser(O optimiser) : own_(std::make_unique<Own<O>>(std::move(optimiser))) {}
  void ask(Population& designs) { own_->ask(designs); }
  void tell(const Population& designs) { own_->tell(designs); }
  const OptimiserState& state() const { return own_->state(); }
  void restore(OptimiserState state) { own_->restore(std::move(state)); }

 private:
  struct Interface {
    virtual ~Interface() = default;
    virtual void ask(Population& designs) = 0;
    virtual void tell(const Population& designs) = 0;
    virtual const OptimiserState& state() const = 0;
    virtual void restore(OptimiserState state) = 0;
  };
  template <class O>
  struct Own final : Interface {
    explicit Own(O o) : optimiser(std::move(o)) {}
    void ask(Population& designs) override { optimiser.ask(designs); }
    void tell(const Population& designs) override { optimiser.tell(designs); }
    const OptimiserState& state() const override { return optimiser.state(); }
    void restore(OptimiserState state) override { optimiser.restore(std::move(state)); }
    O optimiser;
  };
  std::unique_ptr<Interface> own_;
};

/// The stream of random numbers of one child.
Random stream(std::uint64_t seed, std::uint64_t round, std::uint64_t child);

/// A hash of a genome (not for adversaries).
std::uint64_t genome_hash(std::span<const Gene> genome);

/// Fills in objectives and violations of all designs; a function of the genomes alone.
using Evaluate = std::function<void(Population& designs)>;
/// What else is to know each round's designs: called beside tell(), on a thread of its own where there are two.
struct Beside {
  std::function<void(const Population& designs)> work = {};
  int threads = 1;
};
/// Called after each round with the designs just evaluated; false stops the run.
using Observe = std::function<bool(const Population& designs, const AnyOptimiser& optimiser)>;

/// Asks, evaluates and tells until so many designs have been evaluated, the optimiser is finished or the observer has
/// seen enough. The last round is cut short where the budget ends. Returns the number of evaluations.
std::uint64_t run_search(AnyOptimiser& optimiser, const Evaluate& evaluate, std::uint64_t evaluations,
                         const Observe& observe = {}, const Beside& beside = {});

}  // namespace ridgeline
