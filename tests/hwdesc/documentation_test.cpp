// The examples of docs/devices.md load, and no damage to a file ends in anything but an InputError.
#include <fstream>
#include <iterator>
#include <sstream>

#include "hwdesc/device_file.hpp"
#include "tests/hwdesc/board.hpp"
#include "tests/support.hpp"

namespace ridgeline {
namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<std::string> yaml_blocks(const std::string& text) {
  std::vector<std::string> blocks;
  for (std::size_t start = text.find("```yaml\n"); start != std::string::npos;
       start = text.find("```yaml\n", start)) {
    start += 8;
    blocks.push_back(text.substr(start, text.find("```", start) - start));
  }
  return blocks;
}

TEST(Documentation, ExamplesLoad) {
  const auto blocks = yaml_blocks(text_of(std::filesystem::path(RIDGELINE_SOURCE_DIR) / "docs/devices.md"));
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(parse_device(parse_document(blocks[0], "device")).name, "my-board");
  EXPECT_EQ(parse_runtime(parse_document(blocks[1], "runtime")).kernels.size(), 2u);
}

/// Parses, and fails the test on any exception that is not an InputError.
void expect_clean(const std::string& text, const std::string& what) {
  try {
    parse_device(parse_document(text, "damaged.yaml"));
  } catch (const InputError&) {
  } catch (const std::exception& error) {
    ADD_FAILURE() << what << ": " << error.what();
  }
}

TEST(DamagedFile, WithoutAnyOneLine) {
  for (const std::string name : {"raspberry-pi-4", "t4", "ncs2"}) {
    std::vector<std::string> lines;
    std::istringstream stream(text_of(data_folder() / "hwdesc/devices" / (name + ".yaml")));
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    for (std::size_t skipped = 0; skipped < lines.size(); ++skipped) {
      std::string text;
      for (std::size_t i = 0; i < lines.size(); ++i)
        if (i != skipped) text += lines[i] + "\n";
      expect_clean(text, name + " without line " + std::to_string(skipped + 1));
    }
  }
}

TEST(DamagedFile, WithAnyValueOfAnotherKind) {
  const Node whole = parse_document(kBoard, "board.yaml");
  for (const std::string& path : whole.scalar_paths()) {
    for (const char* value : {"", "-", "[]", "{}", "nonsense", "-1", "0", "1e308", "nan", "99999999999999999999"}) {
      Node damaged = whole;
      damaged.set(path, value, "test");
      try {
        parse_device(damaged);
      } catch (const InputError&) {
      } catch (const std::exception& error) {
        ADD_FAILURE() << path << " = '" << value << "': " << error.what();
      }
    }
  }
  for (const std::string& key : whole.keys()) {
    for (const char* value : {" 3\n", " [1, 2]\n", " {a: 1}\n", "\n"}) {
      std::istringstream stream{std::string(kBoard)};
      std::string text;
      bool inside = false;
      for (std::string line; std::getline(stream, line);) {
        if (line[0] != ' ') inside = line.starts_with(key + ":");
        if (line.starts_with(key + ":")) text += key + ":" + value;
        if (!inside) text += line + "\n";
      }
      expect_clean(text, key + ":" + value);
    }
  }
}

}  // namespace
}  // namespace ridgeline
