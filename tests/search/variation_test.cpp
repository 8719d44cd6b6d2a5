#include "search/variation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "search/space_file.hpp"

namespace ridgeline {
namespace {

TEST(Variation, ChildrenAreDesignsOfEveryShippedSpace) {
  for (const std::string& name : space_names()) {
    const Space space = make_space(load_space(name), {{"device", "batch"}, {{"a", "1"}, {"a", "8"}, {"b", "1"}}});
    const Variation variation{&space};
    Random random(1);
    std::vector<Genome> parents(50, Genome(space.genome_length()));
    for (Genome& parent : parents) space.sample_balanced(random, parent);
    Genome child(space.genome_length());
    for (int i = 0; i < 5000; ++i) {
      Genome& mother = parents[random.below(50)];
      variation.child(mother, parents[random.below(50)], random, child);
      ASSERT_TRUE(space.valid(child)) << name;
      mother = child;
    }
  }
}

TEST(Variation, MutationChangesSomething) {
  const Space space = make_space(load_space("flexibert2"));
  const Variation variation{&space};
  Random random(2);
  Genome genome(space.genome_length());
  int same = 0;
  for (int i = 0; i < 2000; ++i) {
    space.sample_balanced(random, genome);
    const Genome before = genome;
    variation.mutate(genome, random);
    same += genome == before;
  }
  EXPECT_LT(same, 10);
}

TEST(Variation, TheSameNumbersGiveTheSameChild) {
  const Space space = make_space(load_space("hat"));
  const Variation variation{&space};
  Random random(3);
  Genome a(space.genome_length()), b = a, first = a, second = a;
  space.sample_balanced(random, a);
  space.sample_balanced(random, b);
  Random one(4), two(4);
  variation.child(a, b, one, first);
  variation.child(a, b, two, second);
  EXPECT_EQ(first, second);
}

/// Layers as lists of genes.
std::vector<Genome> layers_of(const Space& space, const Genome& genome) {
  std::vector<Genome> layers;
  for (std::size_t l = 0; l < space.layers(0, genome); ++l) {
    const std::size_t first = space.gene(0, l, 0);
    layers.emplace_back(genome.begin() + static_cast<long>(first), genome.begin() + static_cast<long>(first + 3));
  }
  return layers;
}

TEST(Variation, AChangedDepthKeepsLayers) {
  const Space space = make_space(load_space("flexibert2"));
  const Variation variation{&space};
  Random random(5);
  Genome genome(space.genome_length());
  std::size_t layers = 0, all_kept = 0;
  int grown = 0, shrunk = 0, not_at_the_end = 0;
  for (int i = 0; i < 20000; ++i) {
    space.sample_balanced(random, genome);
    const std::vector<Genome> before = layers_of(space, genome);
    variation.mutate(genome, random);
    const std::vector<Genome> after = layers_of(space, genome);
    if (after.size() == before.size()) continue;
    const auto& longer = after.size() > before.size() ? after : before;
    const auto& shorter = after.size() > before.size() ? before : after;
    ++(after.size() > before.size() ? grown : shrunk);
    const std::set<Genome> known(longer.begin(), longer.end());
    std::size_t kept = 0;
    for (const Genome& layer : shorter) kept += known.count(layer);
    layers += shorter.size(), all_kept += kept;
    not_at_the_end += !std::equal(shorter.begin(), shorter.end(), longer.begin());
  }
  // About one gene of all layers is mutated besides.
  EXPECT_GT(static_cast<double>(all_kept), 0.75 * static_cast<double>(layers));
  EXPECT_LT(all_kept, layers);
  EXPECT_GT(grown, 100);
  EXPECT_GT(shrunk, 100);
  EXPECT_GT(not_at_the_end, 100);
}

TEST(Variation, CrossoverTakesEveryLayerFromAParent) {
  const Space space = make_space(load_space("flexibert2"));
  Random random(6);
  Genome mother(space.genome_length()), father = mother, child = mother;
  const Variation variation{&space, 1.0};
  int from_both = 0, mixed = 0;
  for (int i = 0; i < 3000; ++i) {
    space.sample_balanced(random, mother);
    space.sample_balanced(random, father);
    variation.child(mother, father, random, child);
    const auto a = layers_of(space, mother), b = layers_of(space, father), c = layers_of(space, child);
    EXPECT_TRUE(c.size() == a.size() || c.size() == b.size() || child[0] != mother[0]);
    std::size_t of_mother = 0, of_father = 0;
    for (std::size_t l = 0; l < c.size(); ++l) {
      of_mother += std::find(a.begin(), a.end(), c[l]) != a.end();
      of_father += std::find(b.begin(), b.end(), c[l]) != b.end();
    }
    from_both += of_mother > 0 && of_father > 0;
    mixed += of_mother + of_father < c.size();
  }
  EXPECT_GT(from_both, 1000);
  EXPECT_GT(mixed, 500);  // gene by gene, and mutations
}

TEST(Variation, BlendsContinuousGenesAroundTheParents) {
  const Space space("line", {{"x", Domain(Steps{0, 1, 65535})}, {"y", Domain(Steps{0, 1, 65535})}});
  const Variation variation{&space, 1.0};
  Random random(7);
  const Genome mother{20000, 0}, father{30000, 0};
  Genome child(2);
  double sum = 0;
  int between = 0, beyond = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    variation.child(mother, father, random, child);
    sum += child[0];
    (child[0] > 20000 && child[0] < 30000 ? between : beyond) += 1;
  }
  // Half the children keep the mother's gene; the other half lies around both parents alike.
  EXPECT_NEAR(sum / kDraws, 0.5 * 20000 + 0.5 * 25000, 150);
  EXPECT_GT(between, kDraws / 8);
  EXPECT_GT(beyond, kDraws / 8);
}

}  // namespace
}  // namespace ridgeline
