// HDF5's C API with owners for its identifiers. Internal to data/: no other header includes it.
//
// A call that fails throws Failure and says nothing on stderr while a QuietErrors is alive.
#pragma once

#include <hdf5.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "data/array_group.hpp"

namespace ridgeline::hdf5 {

/// What HDF5 could not do; whoever knows the file turns it into a message for the user.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// HDF5 prints its error stack to stderr unless told otherwise; the setting of before comes back.
class QuietErrors {
 public:
  QuietErrors() {
    H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
  ~QuietErrors() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

/// Owns one identifier of any kind.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id(hid_t id, Close close, const char* what) : id_(id), close_(close) {
    if (id < 0) throw Failure(what);
  }
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Id& operator=(Id&&) = delete;
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  operator hid_t() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

inline void check(herr_t status, const char* what) {
  if (status < 0) throw Failure(what);
}

/// A file that lives in memory only: a new one, or an image.
Id create_file();
Id open_image(const void* image, std::size_t size);
std::string image_of(const Id& file);

void write_attribute(hid_t object, const std::string& name, const std::string& value);
void write_attribute(hid_t object, const std::string& name, int value);
void write_array(hid_t group, const std::string& name, const ArrayGroup::Array& array);
void write_texts(hid_t group, const std::string& name, const std::vector<std::string>& texts);
Id create_group(hid_t parent, const std::string& name);

/// Names of attributes of an object, of members of a group.
std::vector<std::string> attribute_names(hid_t object);
std::vector<std::string> member_names(hid_t group);
enum class Kind { group, numbers, texts, other };
/// Links that lead elsewhere (soft, external) are `other`.
Kind kind_of(hid_t group, const std::string& name);

std::string read_text_attribute(hid_t object, const std::string& name);
int read_integer_attribute(hid_t object, const std::string& name);
Id open_group(hid_t parent, const std::string& name);
/// `most`: bytes that the values may take, as a guard against sizes that cannot be true.
ArrayGroup::Array read_array(hid_t group, const std::string& name, std::size_t most);
std::vector<std::string> read_texts(hid_t group, const std::string& name, std::size_t most);

}  // namespace ridgeline::hdf5
