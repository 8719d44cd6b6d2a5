#include "search/space.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "tests/support.hpp"

namespace ridgeline {
namespace {

/// Two depths, layers with a conditional choice, a conditional choice of the design.
Space small_space() {
  return Space("small",
               {{"depth", Domain(OneOf{{"1", "2"}, true})},
                {"position", Domain(OneOf{{"absolute", "relative"}})},
                {"buckets", Domain(OneOf{{"16", "32", "64"}, true}), When{"position", {1}}}},
               {{"layer",
                 "depth",
                 {{"mixer", Domain(OneOf{{"attention", "convolution"}})},
                  {"kernel", Domain(OneOf{{"3", "5"}, true}), When{"mixer", {1}}}}}});
}

TEST(Space, CountsDesignsExactly) {
  // Layers: attention, convolution × 2 kernels = 3; positions: 1 + 3 = 4; depths: 3 + 9.
  EXPECT_EQ(small_space().size(), 4 * (3 + 9));
  EXPECT_NEAR(small_space().log10_size(), std::log10(48), 1e-12);
}

TEST(Space, CountsFlexiBert) {
  const Space space(
      "flexibert", {{"layers", Domain(OneOf{{"2", "4", "6", "8", "10", "12"}, true})}},
      {{"layer",
        "layers",
        {{"width", Domain(OneOf{{"128", "256", "512", "768"}, true})},
         {"heads", Domain(Multiset{{"sa_sdp", "sa_wma", "l_dft", "l_dct", "c_5", "c_9", "c_13"}, {2, 4, 8, 12}})},
         {"feed_forward", Domain(Sequence{{"256", "512", "1024", "2048", "3072", "4096"}, {1, 2, 3}})}}}});
  // ProTran, table I: 1.69e88 architectures.
  EXPECT_NEAR(std::pow(10, space.log10_size() - 88), 1.69, 0.005);
  ExactCount layer = 4 * 21805 * 258, expected = 0;
  for (unsigned n = 2; n <= 12; n += 2) expected += boost::multiprecision::pow(layer, n);
  EXPECT_EQ(space.size(), expected);
  EXPECT_EQ(space.genome_length(), 1u + 12 * 3);
}

TEST(Space, NumbersEveryDesignOnce) {
  Space first = small_space();
  const Space space = std::move(first);
  std::set<Genome> seen;
  for (std::uint64_t i = 0; i < 48; ++i) {
    Genome genome(space.genome_length());
    space.nth(i, genome);
    EXPECT_TRUE(space.valid(genome));
    seen.insert(genome);
  }
  EXPECT_EQ(seen.size(), 48u);
  EXPECT_EQ(error_of([&] {
              Genome genome(space.genome_length());
              space.nth(48, genome);
            }),
            "no design 48 in 'small'");
}

TEST(Space, SamplesUniformly) {
  const Space space = small_space();
  Random random(1);
  std::map<Genome, int> drawn;
  constexpr int kDraws = 48000;
  Genome genome(space.genome_length());
  for (int i = 0; i < kDraws; ++i) {
    space.sample_uniform(random, genome);
    ASSERT_TRUE(space.valid(genome));
    ++drawn[genome];
  }
  ASSERT_EQ(drawn.size(), 48u);
  double chi_squared = 0;
  for (const auto& [design, count] : drawn) chi_squared += std::pow(count - 1000.0, 2) / 1000;
  EXPECT_LT(chi_squared, 82.7);  // 47 degrees of freedom, probability 0.001
}

TEST(Space, SamplesDepthsAlikeWhenBalanced) {
  const Space space = small_space();
  Random random(2);
  int deep = 0;
  Genome genome(space.genome_length());
  for (int i = 0; i < 10000; ++i) {
    space.sample_balanced(random, genome);
    ASSERT_TRUE(space.valid(genome));
    deep += genome[0];
  }
  EXPECT_NEAR(deep, 5000, 200);
}

TEST(Space, CanonicalGenomesZeroWhatIsNotUsed) {
  const Space space = small_space();
  ASSERT_EQ(space.genome_length(), 7u);
  Genome genome{0, 0, 2, 0, 1, 1, 1};
  EXPECT_FALSE(space.valid(genome));
  space.canonicalise(genome);
  EXPECT_EQ(genome, (Genome{0, 0, 0, 0, 0, 0, 0}));
  genome = {1, 1, 2, 1, 1, 0, 1};
  space.canonicalise(genome);
  EXPECT_EQ(genome, (Genome{1, 1, 2, 1, 1, 0, 0}));
  EXPECT_TRUE(space.valid(genome));
  EXPECT_TRUE(space.active(4, genome));
  EXPECT_FALSE(space.active(6, genome));
  EXPECT_FALSE(space.valid(Genome{1, 1, 3, 1, 1, 0, 0}));
  EXPECT_FALSE(space.valid(Genome{1, 1}));
}

TEST(Space, EveryCornerOfTheUnitCubeIsADesign) {
  const Space space = small_space();
  Random random(3);
  std::set<Genome> seen;
  for (int i = 0; i < 5000; ++i) {
    std::vector<double> point(space.genome_length());
    for (double& x : point) x = i == 0 ? 0 : i == 1 ? std::nextafter(1, 0) : i == 2 ? 1 : random.uniform();
    Genome genome(space.genome_length());
    space.from_unit(point, genome);
    ASSERT_TRUE(space.valid(genome));
    seen.insert(genome);
  }
  EXPECT_EQ(seen.size(), 48u);
}

TEST(Space, NamesItsGenes) {
  const Space space = small_space();
  EXPECT_EQ(space.gene_name(2), "buckets");
  EXPECT_EQ(space.gene_name(6), "layer[1].kernel");
  EXPECT_EQ(space.gene(0, 1, 1), 6u);
  EXPECT_EQ(space.gene("position"), 1u);
  EXPECT_EQ(space.place(5).layer, 1);
}

TEST(Space, RefusesContradictions) {
  const auto choice = [](const char* name) { return Choice{name, Domain(OneOf{{"1", "2"}, true})}; };
  EXPECT_EQ(error_of([&] { Space("s", {}); }), "the space 's' has no choices");
  EXPECT_EQ(error_of([&] {
              Space("s", {choice("a")}, std::vector<Repeated>(9, {"g", "a", {choice("b")}}));
            }),
            "the space 's' has 9 lists of repeated choices, 8 at most");
  EXPECT_EQ(error_of([&] { Space("s", {choice("a"), choice("a")}); }), "the choice 'a' is there twice");
  EXPECT_EQ(error_of([&] {
              Choice early = choice("a");
              early.when = When{"b", {0}};
              Space("s", {early, choice("b")});
            }),
            "'a' depends on 'b', which must come before it");
  EXPECT_EQ(error_of([&] {
              Space("s", {choice("depth")}, {{"layer", "detph", {choice("a")}}});
            }),
            "layer: unknown choice 'detph'; did you mean 'depth'? the choices are: depth");
  EXPECT_EQ(error_of([&] {
              Space("s", {{"depth", Domain(OneOf{{"two", "four"}})}}, {{"layer", "depth", {choice("a")}}});
            }),
            "'depth' counts layers: it must be one of a list of numbers up to 1024");
  EXPECT_EQ(error_of([&] {
              Space bigger("s", {{"depth", Domain(OneOf{{"9"}})}},
                           {{"layer", "depth", {{"x", Domain(Steps{0, 1, 65536})}}}});
              Genome genome(bigger.genome_length());
              bigger.nth(0, genome);
            }),
            "the space 's' has 10^43 designs, too many to number");
}

}  // namespace
}  // namespace ridgeline
