// What docs/models.md shows is true.
#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "model/readers.hpp"
#include "model/zoo.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

const std::string& document() {
  static const std::string text = [] {
    std::ifstream stream(std::filesystem::path(RIDGELINE_SOURCE_DIR) / "docs" / "models.md");
    return std::string(std::istreambuf_iterator<char>(stream), {});
  }();
  return text;
}

std::vector<std::string> blocks(const std::string& language) {
  std::vector<std::string> all;
  const std::string open = "```" + language + "\n";
  for (std::size_t at = document().find(open); at != std::string::npos; at = document().find(open, at)) {
    at += open.size();
    all.push_back(document().substr(at, document().find("```", at) - at));
  }
  return all;
}

TEST(ModelsDocumentation, ItsYamlExamplesAreModels) {
  const std::vector<std::string> examples = blocks("yaml");
  EXPECT_EQ(examples.size(), 5u);
  for (const std::string& example : examples)
    EXPECT_EQ(error_of([&] { parse_model(parse_document(example, "example.yaml"), "example"); }), "(no error)")
        << example;
}

TEST(ModelsDocumentation, ItsJsonExamplesAreModels) {
  const std::vector<std::string> examples = blocks("json");
  EXPECT_EQ(examples.size(), 2u);
  for (const std::string& example : examples)
    EXPECT_EQ(error_of([&] { parse_model(parse_document(example, "example.json", true), "example"); }), "(no error)")
        << example;
}

TEST(ModelsDocumentation, TheExampleOfLayersDoesWhatItSays) {
  const Architecture model = parse_model(parse_document(blocks("yaml").at(1), "example.yaml"), "example");
  const std::vector<Layer>& layers = model.encoder.layers;
  ASSERT_EQ(layers.size(), 13u);
  EXPECT_EQ(layers[5].sublayers.size(), 1u);
  EXPECT_EQ(std::get<FeedForward>(layers[6].sublayers[1].body).weights.rank, 128);
  EXPECT_EQ(std::get<FeedForward>(layers[9].sublayers[1].body).weights.density, 0.5);
  EXPECT_EQ(std::get<FeedForward>(layers[9].sublayers[1].body).hidden, std::vector<Size>{3072});
  EXPECT_EQ(layers[11].shares_weights_with, 0);
  EXPECT_EQ(layers[12].width, 512);
}

std::string with_commas(Size number) {
  const std::string digits = std::to_string(number);
  std::string grouped;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) grouped += ',';
    grouped += digits[i];
  }
  return grouped;
}

TEST(ModelsDocumentation, ItsTableIsTheZoo) {
  std::string table;
  for (const std::string& name : zoo_names()) {
    const ZooModel model = zoo_model(name);
    table += fmt::format("| `{}` | {} | {} | {} | {} |\n", name, model.title, model.source,
                         with_commas(parameter_count(model.architecture)), model.parameters_source);
  }
  const std::size_t start = document().find("| `bert-tiny` |");
  ASSERT_NE(start, std::string::npos);
  EXPECT_EQ(document().substr(start), table) << "the table of docs/models.md should be the expected text";
}

}  // namespace
}  // namespace ridgeline
