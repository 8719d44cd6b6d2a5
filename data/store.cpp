#include "data/store.hpp"

#include <boost/crc.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <ctime>
#include <fstream>
#include <utility>

#include "base/file.hpp"
#include "data/hdf5.hpp"

namespace ridgeline {
namespace {

constexpr std::string_view kSignature{"\x89HDF\r\n\x1a\n", 8};
constexpr std::string_view kMark = "RIDGELN1";
constexpr std::size_t kTrailer = 16;  // the mark and eight hexadecimal digits
constexpr int kDeepest = 16;          // groups below groups

const std::string kSchema = "ridgeline_schema";
const std::string kKind = "ridgeline_kind";
const std::string kProvenance = "provenance";

std::string trailer(std::string_view image) {
  boost::crc_32_type crc;
  crc.process_bytes(image.data(), image.size());
  return fmt::format("{}{:08x}", kMark, crc.checksum());
}

const std::string& storable(const std::string& name) {
  if (name.empty() || name == "." || name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
    throw Error(fmt::format("'{}' cannot be a name in a store", name));
  return name;
}

void check_array(const std::string& name, const ArrayGroup::Array& array) {
  std::size_t values = 1;
  for (const std::size_t size : array.shape) values *= size;
  if (values != array.values.size())
    throw Error(fmt::format("array '{}' has {} values, its shape {}", name, array.values.size(), values));
}

/// HDF5 ends a text at the first NUL.
const std::string& storable_text(const std::string& name, const std::string& text) {
  if (text.find('\0') != std::string::npos) throw Error(fmt::format("'{}' holds a text with a NUL character", name));
  return text;
}

void write_group(hid_t target, const ArrayGroup& group) {
  for (const auto& [name, value] : group.attributes)
    hdf5::write_attribute(target, storable(name), storable_text(name, value));
  for (const auto& [name, array] : group.arrays) {
    check_array(name, array);
    hdf5::write_array(target, storable(name), array);
  }
  for (const auto& [name, texts] : group.texts) {
    for (const std::string& text : texts) storable_text(name, text);
    hdf5::write_texts(target, storable(name), texts);
  }
  for (const auto& [name, below] : group.groups) write_group(hdf5::create_group(target, storable(name)), below);
}

/// What the store itself keeps at the root.
void check_names(const ArrayGroup& root) {
  for (const std::string& name : {kSchema, kKind, kProvenance})
    if (root.attributes.count(name) + root.arrays.count(name) + root.texts.count(name) + root.groups.count(name) > 0)
      throw Error(fmt::format("'{}' is a name of the store's own", name));
}

/// Reads groups; knows where it is, so that failures can be placed.
class Reader {
 public:
  Reader(std::string file, std::size_t size) : file_(std::move(file)), size_(size) {}

  template <class Call>
  auto at(const std::string& path, Call call) {
    try {
      return call();
    } catch (const hdf5::Failure& failure) {
      fail(path, failure.what());
    }
  }
  [[noreturn]] void fail(const std::string& path, std::string_view problem, std::string_view hint = {}) const {
    throw InputError({file_, 0, 0, path}, problem, hint);
  }

  ArrayGroup group(hid_t source, const std::string& path, int depth) {
    ArrayGroup result;
    if (depth > kDeepest) fail(path, fmt::format("groups are nested deeper than {}", kDeepest));
    for (const std::string& name : at(path, [&] { return hdf5::attribute_names(source); })) {
      if (depth == 0 && (name == kSchema || name == kKind)) continue;
      result.attributes[name] = at(join(path, name), [&] { return hdf5::read_text_attribute(source, name); });
    }
    for (const std::string& name : at(path, [&] { return hdf5::member_names(source); })) {
      if (depth == 0 && name == kProvenance) continue;
      const std::string below = join(path, name);
      at(below, [&] { member(source, name, below, depth, result); });
    }
    return result;
  }

 private:
  static std::string join(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + "/" + name;
  }
  void member(hid_t source, const std::string& name, const std::string& path, int depth, ArrayGroup& result) {
    switch (hdf5::kind_of(source, name)) {
      case hdf5::Kind::group:
        result.groups[name] = group(hdf5::open_group(source, name), path, depth + 1);
        break;
      case hdf5::Kind::numbers:
        result.arrays[name] = hdf5::read_array(source, name, size_);
        break;
      case hdf5::Kind::texts:
        result.texts[name] = hdf5::read_texts(source, name, size_);
        break;
      case hdf5::Kind::other:
        fail(path, "is neither a group nor a dataset of numbers or texts");
    }
  }

  std::string file_;
  std::size_t size_;
};

/// The image without its trailer.
std::string_view checked(std::string_view image, const Reader& reader) {
  if (!image.starts_with(kSignature)) reader.fail({}, "this is no HDF5 file");
  if (image.size() < kSignature.size() + kTrailer || image.substr(image.size() - kTrailer, kMark.size()) != kMark)
    reader.fail({}, "this HDF5 file was cut short, or not written by Ridgeline");
  const std::string_view body = image.substr(0, image.size() - kTrailer);
  if (image.substr(body.size()) != trailer(body))
    reader.fail({}, "the file was damaged or changed since Ridgeline wrote it: its checksum does not match");
  return body;
}

}  // namespace

Provenance provenance_of(std::string command, std::string version) {
  return {std::move(command), std::move(version), {}, fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)))};
}

StoredGroup Store::content(std::string_view expected) const {
  if (kind != expected)
    throw InputError({file, 0, 0, {}}, fmt::format("expected a store of kind '{}', found '{}'", expected, kind));
  return {root, file};
}

std::string to_image(const Store& store) {
  const hdf5::QuietErrors quiet;
  check_names(store.root);
  try {
    const hdf5::Id file = hdf5::create_file();
    hdf5::write_attribute(file, kSchema, store.schema);
    hdf5::write_attribute(file, kKind, store.kind);
    {
      const hdf5::Id group = hdf5::create_group(file, kProvenance);
      hdf5::write_attribute(group, "command", store.provenance.command);
      hdf5::write_attribute(group, "version", store.provenance.version);
      hdf5::write_attribute(group, "device_hash", store.provenance.device_hash);
      hdf5::write_attribute(group, "created", store.provenance.created);
    }
    write_group(file, store.root);
    std::string image = hdf5::image_of(file);
    return image + trailer(image);
  } catch (const hdf5::Failure& failure) {
    throw Error(fmt::format("the store cannot be built: {}", failure.what()));
  }
}

Store parse_image(std::string_view image, std::string file) {
  const hdf5::QuietErrors quiet;
  Reader reader(file, image.size());
  const std::string_view body = checked(image, reader);
  const hdf5::Id source = reader.at({}, [&] { return hdf5::open_image(body.data(), body.size()); });
  Store store;
  store.file = std::move(file);
  store.schema = reader.at(kSchema, [&] { return hdf5::read_integer_attribute(source, kSchema); });
  if (store.schema > kStoreSchema || store.schema < 1)
    reader.fail(kSchema,
                fmt::format("the file has schema {}, this version of Ridgeline reads {}", store.schema, kStoreSchema),
                store.schema > kStoreSchema ? "a newer version wrote it" : "");
  store.kind = reader.at(kKind, [&] { return hdf5::read_text_attribute(source, kKind); });
  reader.at(kProvenance, [&] {
    const hdf5::Id group = hdf5::open_group(source, kProvenance);
    store.provenance = {hdf5::read_text_attribute(group, "command"), hdf5::read_text_attribute(group, "version"),
                        hdf5::read_text_attribute(group, "device_hash"), hdf5::read_text_attribute(group, "created")};
  });
  store.root = reader.group(source, {}, 0);
  return store;
}

void write_store(const std::filesystem::path& file, std::string_view kind, const ArrayGroup& root,
                 const Provenance& provenance) {
  write_file_atomically(file, to_image({std::string(kind), kStoreSchema, provenance, root}));
}

Store read_store(const std::filesystem::path& file) { return parse_image(read_file(file), file.string()); }

bool is_store(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::array<char, kSignature.size()> first{};
  stream.read(first.data(), first.size());
  return stream && std::string_view(first.data(), first.size()) == kSignature;
}

}  // namespace ridgeline
