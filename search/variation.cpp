#include "search/variation.hpp"

#include <algorithm>
#include <cmath>

namespace ridgeline {
namespace {

/// Simulated binary crossover of two values on a grid of `count`; one of the two children, at random.
Gene blended(Gene a, Gene b, std::uint32_t count, Random& random) {
  constexpr double kIndex = 10;
  if (a == b) return a;
  const double low = std::min(a, b), high = std::max(a, b), last = count - 1.0;
  const double u = random.uniform();
  const bool upper = random.below(2) == 0;
  // The spread is bounded so that the child stays on its side of the interval (Deb & Agrawal 1999).
  const double room = upper ? last - high : low;
  const double alpha = 2 - std::pow(1 + 2 * room / (high - low), -(kIndex + 1));
  const double spread =
      u <= 1 / alpha ? std::pow(u * alpha, 1 / (kIndex + 1)) : std::pow(1 / (2 - u * alpha), 1 / (kIndex + 1));
  const double x = 0.5 * (low + high + (upper ? spread : -spread) * (high - low));
  return static_cast<Gene>(std::clamp(std::floor(x + random.uniform()), 0.0, last));
}

std::size_t below(Random& random, std::size_t bound) { return static_cast<std::size_t>(random.below(bound)); }

}  // namespace

void Variation::child(std::span<const Gene> mother, std::span<const Gene> father, Random& random,
                      std::span<Gene> out) const {
  std::ranges::copy(mother, out.begin());
  if (random.uniform() < crossover) cross(father, random, out);
  mutate(out, random);
}

void Variation::cross(std::span<const Gene> father, Random& random, std::span<Gene> child) const {
  const auto take = [&](std::size_t gene) {
    const Domain& domain = space->domain(gene);
    if (std::holds_alternative<Steps>(domain.kind()))
      child[gene] = blended(child[gene], father[gene], domain.size(), random);
    else
      child[gene] = father[gene];
  };
  // Before a choice of the design may change the depth, layers of either parent are told apart.
  std::size_t before[2 * 8];
  const std::size_t groups = std::min<std::size_t>(space->groups().size(), 8);
  for (std::size_t g = 0; g < groups; ++g) {
    before[2 * g] = space->layers(g, child);
    before[2 * g + 1] = space->layers(g, father);
  }
  for (std::size_t c = 0; c < space->choices().size(); ++c)
    if (random.below(2) == 0) take(c);
  for (std::size_t g = 0; g < groups; ++g) {
    const std::size_t of_child = before[2 * g], of_father = before[2 * g + 1], now = space->layers(g, child);
    const std::size_t width = space->groups()[g].choices.size();
    const std::size_t both = std::min(of_child, of_father);
    const auto copy_layers = [&](std::size_t from, std::size_t to) {
      const std::size_t first = space->gene(g, from, 0);
      std::copy_n(father.begin() + static_cast<std::ptrdiff_t>(first), (to - from) * width,
                  child.begin() + static_cast<std::ptrdiff_t>(first));
    };
    switch (random.below(3)) {
      case 0:  // whole layers
        for (std::size_t layer = 0; layer < both; ++layer)
          if (random.below(2) == 0) copy_layers(layer, layer + 1);
        break;
      case 1: {  // what follows a cut
        const std::size_t cut = below(random, both + 1);
        copy_layers(cut, both);
        break;
      }
      default:  // single genes
        for (std::size_t gene = space->gene(g, 0, 0); gene < space->gene(g, both, 0); ++gene)
          if (random.below(2) == 0) take(gene);
    }
    if (now > of_child) copy_layers(of_child, of_father);
  }
  space->canonicalise(child);
}

void Variation::mutate(std::span<Gene> genome, Random& random) const {
  std::size_t open = 0;
  for (std::size_t c = 0; c < space->choices().size(); ++c) open += space->domain(c).size() > 1;
  for (std::size_t g = 0; g < space->groups().size(); ++g)
    open += space->layers(g, genome) * space->groups()[g].choices.size();
  if (open == 0) return;
  const double rate = 1.0 / static_cast<double>(open);
  bool changed = false;
  const auto change = [&](std::size_t gene) {
    const Gene old = genome[gene];
    genome[gene] = space->domain(gene).near(old, random);
    changed |= genome[gene] != old;
  };
  constexpr int kAttempts = 8;
  for (int attempt = 0; attempt < kAttempts && !changed; ++attempt) {
    for (std::size_t g = 0; g < space->groups().size(); ++g) {
      const std::size_t first = space->gene(g, 0, 0), end = space->gene(g, space->layers(g, genome), 0);
      for (std::size_t gene = first; gene < end; ++gene)
        if (random.uniform() < rate && space->active(gene, genome)) change(gene);
      if (random.below(8) == 0) rearrange(g, random, genome);
    }
    for (std::size_t c = 0; c < space->choices().size(); ++c) {
      if (random.uniform() >= rate || !space->active(c, genome)) continue;
      std::size_t before[8];
      const std::size_t groups = std::min<std::size_t>(space->groups().size(), 8);
      for (std::size_t g = 0; g < groups; ++g) before[g] = space->layers(g, genome);
      change(c);
      for (std::size_t g = 0; g < groups; ++g)
        if (space->times_gene(g) == c) resize(g, before[g], random, genome);
    }
  }
  space->canonicalise(genome);
}

/// After the depth has changed: copies of layers are put in, or layers taken out, at random places.
void Variation::resize(std::size_t group, std::size_t before, Random& random, std::span<Gene> genome) const {
  const std::size_t now = space->layers(group, genome);
  const auto width = static_cast<std::ptrdiff_t>(space->groups()[group].choices.size());
  const auto layer = [&](std::size_t i) {
    return genome.begin() + static_cast<std::ptrdiff_t>(space->gene(group, i, 0));
  };
  for (std::size_t layers = before; layers > now; --layers) {
    const std::size_t gone = below(random, layers);
    std::copy(layer(gone) + width, layer(layers - 1) + width, layer(gone));
  }
  for (std::size_t layers = before; layers < now; ++layers) {
    if (layers == 0) {
      for (std::ptrdiff_t c = 0; c < width; ++c)
        *(layer(0) + c) = space->groups()[group].choices[static_cast<std::size_t>(c)].domain.random(random);
      continue;
    }
    const std::size_t copied = below(random, layers);
    std::copy_backward(layer(copied), layer(layers - 1) + width, layer(layers) + width);
  }
}

void Variation::rearrange(std::size_t group, Random& random, std::span<Gene> genome) const {
  const std::size_t layers = space->layers(group, genome);
  if (layers < 2) return;
  const std::size_t width = space->groups()[group].choices.size();
  const auto a = genome.subspan(space->gene(group, below(random, layers), 0), width);
  const auto b = genome.subspan(space->gene(group, below(random, layers), 0), width);
  if (random.below(2) == 0)
    std::ranges::copy(a, b.begin());
  else
    std::ranges::swap_ranges(a, b);
}

}  // namespace ridgeline
