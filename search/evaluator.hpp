// What designs take on their deployments, many at a time.
//
// A search needs figures of designs and nothing else: the type Predict below. Evaluator is one, by model/batch.hpp: a
// family numbers the parts of its models (search/family.hpp), a part is costed when its number is first met on a
// deployment, and from then on a design is a list of numbers looked up and composed. Nothing is approximated: figures
// equal those of estimate() to 1e-9, and a test says so. Data-sheet and calibrated parameters enter alike; a
// deployment with a calibration has its residual too (calib/calibrated_batch.hpp), which costs another microsecond.
// On a changed description the residual is that of the same model on the described one.
//
// A part that is new on a deployment takes some 50 µs; where a family knows of what pieces its parts consist, and
// peak memory is not asked for, 1 µs.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "search/deployment.hpp"
#include "search/dominance.hpp"
#include "search/family.hpp"

namespace ridgeline {

/// Of one design. NaN: not asked for, or no basis (power of a device without power data).
struct DesignFigures {
  double latency = 0;     ///< s, of a batch
  double energy = 0;      ///< J, of a batch
  double peak_power = 0;  ///< W
  double memory = 0;      ///< B
  double parameters = 0;
  double batch = 1;
  /// By how much what has to stay in memory (weights, key/value cache) exceeds the device's, relative to it.
  double beyond_memory = 0;
};

/// What to compute besides latency, energy and parameters.
struct Needs {
  bool peak_power = false;
  bool memory = false;
};

/// Figures of all designs; a function of their genomes alone.
using Predict = std::function<void(const Population& designs, std::span<DesignFigures> figures)>;

class Evaluator {
 public:
  /// The gene "deployment" of `space` chooses among `deployments`; a space without one has a single deployment.
  /// Refers to the space. Error when deployments and space do not fit together, or for workloads of more steps than
  /// model/lowering.hpp keeps apart.
  Evaluator(const Space& space, Family family, std::vector<Deployment> deployments, Needs needs = {},
            int threads = 1);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  /// Not for several threads at a time: parts that are new are costed once and remembered. Results depend neither on
  /// the thread count nor on what was evaluated before.
  void evaluate(const Population& designs, std::span<DesignFigures> figures);

  /// Another deployment in the place of one; what was known of that is forgotten. Error as for the constructor.
  void replace(std::size_t number, Deployment deployment);

  std::span<const Deployment> deployments() const;
  const Deployment& deployment_of(std::span<const Gene> genome) const;
  const Family& family() const;
  /// Parts costed so far, over all deployments.
  std::size_t part_count() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ridgeline
