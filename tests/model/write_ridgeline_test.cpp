#include "model/readers.hpp"
#include "model/zoo.hpp"
#include "tests/model/random_architecture.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

Architecture reread(const Architecture& architecture) {
  return parse_model(parse_document(to_yaml(architecture), "written.yaml"), "renamed");
}

TEST(WriteRidgeline, TheWholeZooComesBackEqual) {
  for (const std::string& name : zoo_names()) {
    const Architecture model = zoo_model(name).architecture;
    EXPECT_EQ(reread(model), model) << to_yaml(model);
  }
}

TEST(WriteRidgeline, RandomArchitecturesComeBackEqual) {
  RandomArchitecture random(20240229);
  std::size_t uniform = 0, with_sublayers = 0;
  for (int i = 0; i < 400; ++i) {
    const Architecture model = random.next();
    ASSERT_NO_THROW(check(model)) << to_yaml(model);
    const std::string text = to_yaml(model);
    ASSERT_EQ(reread(model), model) << text;
    if (text.find("\n  layers: ") != std::string::npos) ++uniform;
    if (text.find("sublayers:") != std::string::npos) ++with_sublayers;
  }
  EXPECT_GT(uniform, 25u);  // both forms are met
  EXPECT_GT(with_sublayers, 50u);
}

TEST(WriteRidgeline, NamesOfAllKindsComeBack) {
  Architecture model = zoo_model("bert-tiny").architecture;
  for (const char* name :
       {"bert-tiny", "3rd try", "a: b # c", "\"quoted\" \\ back", "true", "ümlaut", "", "line\nbreak", "HAT@4.0s"}) {
    model.name = name;
    EXPECT_EQ(reread(model).name, name);
  }
}

TEST(WriteRidgeline, ReadsPleasantly) {
  EXPECT_EQ(to_yaml(zoo_model("bert-base").architecture),
            "ridgeline: model\n"
            "name: bert-base\n"
            "family: bert\n"
            "max_length: 512\n"
            "embeddings: {vocabulary: 30522, positions: 512, token_types: 2, norm: layer_norm}\n"
            "encoder:\n"
            "  width: 768\n"
            "  attention: {heads: 12}\n"
            "  feed_forward: [3072]\n"
            "  layers: 12\n"
            "head: {pooler: true}\n");
  EXPECT_EQ(
      to_yaml(zoo_model("mobilebert").architecture),
      "ridgeline: model\n"
      "name: mobilebert\n"
      "family: mobilebert\n"
      "max_length: 512\n"
      "embeddings: {vocabulary: 30522, width: 128, positions: 512, token_types: 2, norm: affine, always_projected: "
      "true, projected_first: true, trigrams: true}\n"
      "encoder:\n"
      "  width: 512\n"
      "  bottleneck: 128\n"
      "  sublayers:\n"
      "    - attention: {heads: 4, values_from_layer_input: true}\n"
      "      norm: affine\n"
      "    - feed_forward: {hidden: [512], activation: relu}\n"
      "      repeat: 4\n"
      "      norm: affine\n"
      "  layers: 24\n"
      "head: {activation: relu}\n");
}

}  // namespace
}  // namespace ridgeline
