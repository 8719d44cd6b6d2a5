#include "search/family.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>

#include "model/lowering_parts.hpp"
#include "model/readers.hpp"
#include "model/zoo.hpp"
#include "search/space_file.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Genome sample(const Space& space, Random& random) {
  Genome genome(space.genome_length());
  space.sample_balanced(random, genome);
  return genome;
}

/// Every design that can be drawn lowers, and its part numbers mean what plan() says.
void check_family(const std::string& name, int designs) {
  SCOPED_TRACE(name);
  const SpaceDescription description = load_space(name);
  const Space space = make_space(description);
  const Family family = make_family(description.family, space);
  std::deque<Architecture> models;
  std::map<std::pair<std::size_t, std::uint32_t>, Part> known;  // by phase and number
  Random random(1);
  std::vector<std::uint32_t> numbers;
  int met_again = 0;
  for (int i = 0; i < designs; ++i) {
    const Genome genome = sample(space, random);
    models.push_back(family.architecture(genome));
    const std::vector<PhaseParts> phases = plan(models.back(), description.workload);
    for (std::size_t p = 0; p < phases.size(); ++p) {
      family.parts(genome, p == 0 ? PassKind::first : PassKind::decode, numbers);
      ASSERT_EQ(numbers.size(), phases[p].parts.size());
      for (std::size_t k = 0; k < numbers.size(); ++k) {
        ASSERT_LT(numbers[k], family.part_count);
        const auto [at, added] = known.try_emplace({p, numbers[k]}, phases[p].parts[k]);
        if (!added) ++met_again;
        ASSERT_TRUE(same_operators(at->second, phases[p].parts[k])) << "phase " << p << ", part " << k;
      }
    }
  }
  EXPECT_GT(met_again, designs);
}

TEST(Family, PartsOfEqualNumberHaveEqualOperators) {
  check_family("flexibert2", 300);
  check_family("bert-grid", 300);
  check_family("gpt2", 300);
  check_family("hat", 60);
}

TEST(Family, FlexiBertIsWhatItsModelDictSays) {
  const SpaceDescription description = load_space("flexibert2");
  const Space space = make_space(description);
  const Family family = make_family("flexibert", space);
  Random random(2);
  for (int i = 0; i < 50; ++i) {
    const Genome genome = sample(space, random);
    const Architecture model = family.architecture(genome);
    std::string h, o, f;
    std::vector<int> members;
    const Repeated& layer = space.groups()[0];
    const std::size_t layers = space.layers(0, genome);
    for (std::size_t l = 0; l < layers; ++l) {
      const auto value = [&](std::size_t choice) { return genome[space.gene(0, l, choice)]; };
      const auto list = [&](std::size_t choice, const std::vector<std::string>& of, const std::string& suffix) {
        layer.choices[choice].domain.members(value(choice), members);
        std::string text;
        for (const int m : members) text += of[static_cast<std::size_t>(m)] + suffix + ", ";
        return "[" + text + "], ";
      };
      const std::string width = layer.choices[0].domain.text(value(0));
      layer.choices[1].domain.members(value(1), members);
      const int dimension = std::stoi(width) / static_cast<int>(members.size());
      h += width + ", ";
      o += list(1, std::get<Multiset>(layer.choices[1].domain.kind()).of, fmt::format("_{}", dimension));
      f += list(2, std::get<Sequence>(layer.choices[2].domain.kind()).of, "");
    }
    const std::string text = fmt::format("{{l: {}, h: [{}], o: [{}], f: [{}]}}", layers, h, o, f);
    EXPECT_EQ(parse_flexibert(parse_document(text, "made"), ""), model) << text;
  }
}

std::vector<Architecture> all_models(const std::string& space_name) {
  const SpaceDescription description = load_space(space_name);
  const Space space = make_space(description);
  const Family family = make_family(description.family, space);
  std::vector<Architecture> models;
  Genome genome(space.genome_length());
  for (std::uint64_t i = 0; i < space.size(); ++i) {
    space.nth(i, genome);
    models.push_back(family.architecture(genome));
  }
  return models;
}

/// Whether one of the models is this one but for its name.
bool holds(const std::vector<Architecture>& models, Architecture model) {
  model.name.clear();
  return std::find(models.begin(), models.end(), model) != models.end();
}

TEST(Family, TheMiniaturesLieInTheGrid) {
  const std::vector<Architecture> grid = all_models("bert-grid");
  int miniatures = 0;
  for (const std::string& name : zoo_names()) {
    const bool named = name == "bert-tiny" || name == "bert-mini" || name == "bert-small" || name == "bert-medium";
    if (name == "bert-large" || (!named && !name.starts_with("bert-l"))) continue;
    ++miniatures;
    EXPECT_TRUE(holds(grid, zoo_model(name).architecture)) << name;
  }
  EXPECT_EQ(miniatures, 24 - 1);  // the 24th is bert-base
  EXPECT_TRUE(holds(grid, zoo_model("bert-base").architecture));
}

TEST(Family, ThePublishedGpt2ModelsLieInTheirSpace) {
  const std::vector<Architecture> models = all_models("gpt2");
  for (const char* name : {"gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl"})
    EXPECT_TRUE(holds(models, zoo_model(name).architecture)) << name;
}

TEST(Family, HatReadsAsItsFilesDo) {
  const Space space = make_space(load_space("hat"));
  const Family family = make_family("hat", space);
  Genome genome(space.genome_length());
  genome[space.gene("decoder_layers")] = 1;
  genome[space.gene("encoder_width")] = 1;
  for (std::size_t l = 0; l < 6; ++l) genome[space.gene(0, l, 0)] = static_cast<Gene>(l % 3);
  genome[space.gene(1, 1, 3)] = 2;
  ASSERT_TRUE(space.valid(genome));
  const Architecture model = family.architecture(genome);
  const Architecture read =
      parse_hat(parse_document("encoder-embed-dim-subtransformer: 640\n"
                               "decoder-embed-dim-subtransformer: 512\n"
                               "encoder-layer-num-subtransformer: 6\n"
                               "encoder-ffn-embed-dim-all-subtransformer: [1024, 2048, 3072, 1024, 2048, 3072]\n"
                               "encoder-self-attention-heads-all-subtransformer: [4, 4, 4, 4, 4, 4]\n"
                               "decoder-layer-num-subtransformer: 2\n"
                               "decoder-ffn-embed-dim-all-subtransformer: [1024, 1024]\n"
                               "decoder-self-attention-heads-all-subtransformer: [4, 4]\n"
                               "decoder-ende-attention-heads-all-subtransformer: [4, 4]\n"
                               "decoder-arbitrary-ende-attn-all-subtransformer: [-1, 2]\n",
                               "made"),
                "");
  EXPECT_EQ(model, read);
}

TEST(Family, RefusesChoicesThatItDoesNotKnow) {
  const auto one = [](const char* name, std::vector<std::string> values) {
    return Choice{name, Domain(OneOf{std::move(values), true})};
  };
  const auto bert = [&](Choice extra) {
    return Space("s", {one("layers", {"2"}), one("width", {"128"}), one("head_size", {"64"}), std::move(extra)});
  };
  EXPECT_EQ(error_of([&] { make_family("bert", bert(one("x", {"1"}))); }), "s: missing choice 'hidden_ratio'");
  EXPECT_EQ(error_of([&] {
              const Space space("s", {one("layers", {"2"}), one("width", {"128"}), one("head_size", {"48"}),
                                      one("hidden_ratio", {"4"})});
              make_family("bert", space);
            }),
            "head_size: 48 does not divide the width 128");
  EXPECT_EQ(error_of([&] { make_family("bret", bert(one("x", {"1"}))); }),
            "unknown family 'bret'; did you mean 'bert'? the families are: flexibert, hat, bert, gpt2");
}

}  // namespace
}  // namespace ridgeline
