#include "data/hdf5.hpp"

#include <algorithm>
#include <cstdint>

namespace ridgeline::hdf5 {
namespace {

constexpr std::size_t kGrowth = 1 << 20;  // bytes by which a file in memory grows

Id memory_access() {
  Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose, "no file access properties");
  check(H5Pset_fapl_core(access, kGrowth, false), "no files in memory");
  // The oldest format, which everything reads. Later ones have a checksum in the superblock, and H5Fget_file_image
  // clears a flag there without mending it (HDF5 1.10.8).
  check(H5Pset_libver_bounds(access, H5F_LIBVER_EARLIEST, H5F_LIBVER_V18), "no such format");
  return access;
}

Id text_type() {
  Id type(H5Tcopy(H5T_C_S1), H5Tclose, "no text type");
  check(H5Tset_size(type, H5T_VARIABLE), "no texts of variable length");
  check(H5Tset_cset(type, H5T_CSET_UTF8), "no UTF-8");
  return type;
}

Id one_value() { return {H5Screate(H5S_SCALAR), H5Sclose, "no space"}; }

/// Equal content has to give equal bytes, so no times are kept.
Id untimed() {
  Id creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose, "no creation properties");
  check(H5Pset_obj_track_times(creation, false), "times cannot be left out");
  return creation;
}

Id create_dataset(hid_t group, const std::string& name, hid_t type, const std::vector<std::size_t>& shape) {
  const std::vector<hsize_t> sizes(shape.begin(), shape.end());
  const Id space = sizes.empty() ? one_value()
                                 : Id(H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
                                      H5Sclose, "no such shape");
  return {H5Dcreate2(group, name.c_str(), type, space, H5P_DEFAULT, untimed(), H5P_DEFAULT), H5Dclose,
          "dataset cannot be created"};
}

/// The shape of a dataset or attribute; refuses what cannot fit.
std::vector<std::size_t> shape_of(const Id& space, std::size_t element, std::size_t most) {
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank < 0) throw Failure("has no shape");
  std::vector<hsize_t> sizes(static_cast<std::size_t>(rank));
  check(H5Sget_simple_extent_dims(space, sizes.data(), nullptr), "has no shape");
  std::size_t left = most / element;
  for (const hsize_t size : sizes) {
    if (size > left) throw Failure("is larger than the file");
    if (size > 0) left /= size;
  }
  return {sizes.begin(), sizes.end()};
}

std::size_t count(const std::vector<std::size_t>& shape) {
  std::size_t n = 1;
  for (const std::size_t size : shape) n *= size;
  return n;
}

Id open_dataset(hid_t group, const std::string& name) {
  return {H5Dopen2(group, name.c_str(), H5P_DEFAULT), H5Dclose, "cannot be opened"};
}

Id open_attribute(hid_t object, const std::string& name) {
  return {H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose, "missing attribute"};
}

bool is_text(hid_t type) { return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0; }

/// Texts that HDF5 has allocated and takes back.
class BorrowedTexts {
 public:
  BorrowedTexts(std::size_t size, hid_t type, hid_t space) : texts_(size, nullptr), type_(type), space_(space) {}
  BorrowedTexts(const BorrowedTexts&) = delete;
  BorrowedTexts& operator=(const BorrowedTexts&) = delete;
  ~BorrowedTexts() {
    if (!texts_.empty()) H5Dvlen_reclaim(type_, space_, H5P_DEFAULT, texts_.data());
  }
  char** data() { return texts_.data(); }
  std::vector<std::string> copy() const {
    std::vector<std::string> result;
    for (const char* text : texts_) result.emplace_back(text == nullptr ? "" : text);
    return result;
  }

 private:
  std::vector<char*> texts_;
  hid_t type_, space_;
};

/// Names by their numbers; HDF5 gives a size first, then the text.
template <class Get>
std::string name_by(Get get) {
  const ssize_t size = get(nullptr, 0);
  if (size < 0) throw Failure("has a name that cannot be read");
  std::string name(static_cast<std::size_t>(size) + 1, '\0');
  if (get(name.data(), name.size()) != size) throw Failure("has a name that cannot be read");
  name.pop_back();
  return name;
}

}  // namespace

Id create_file() {
  const Id access = memory_access();
  return {H5Fcreate("store", H5F_ACC_TRUNC, H5P_DEFAULT, access), H5Fclose, "no file in memory"};
}

Id open_image(const void* image, std::size_t size) {
  const Id access = memory_access();
  // HDF5 copies the image and does not write to it: the pointer is not const for callbacks' sake only.
  check(H5Pset_file_image(access, const_cast<void*>(image), size), "no such image");
  return {H5Fopen("store", H5F_ACC_RDONLY, access), H5Fclose, "is no readable HDF5 file"};
}

std::string image_of(const Id& file) {
  check(H5Fflush(file, H5F_SCOPE_GLOBAL), "cannot be completed");
  const ssize_t size = H5Fget_file_image(file, nullptr, 0);
  if (size < 0) throw Failure("has no image");
  std::string image(static_cast<std::size_t>(size), '\0');
  if (H5Fget_file_image(file, image.data(), image.size()) != size) throw Failure("has no image");
  return image;
}

void write_attribute(hid_t object, const std::string& name, const std::string& value) {
  const Id type = text_type(), space = one_value();
  const Id attribute(H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                     "attribute cannot be created");
  const char* text = value.c_str();
  check(H5Awrite(attribute, type, &text), "attribute cannot be written");
}

void write_attribute(hid_t object, const std::string& name, int value) {
  const Id space = one_value();
  const Id attribute(H5Acreate2(object, name.c_str(), H5T_STD_I32LE, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                     "attribute cannot be created");
  check(H5Awrite(attribute, H5T_NATIVE_INT, &value), "attribute cannot be written");
}

void write_array(hid_t group, const std::string& name, const ArrayGroup::Array& array) {
  const Id dataset = create_dataset(group, name, H5T_IEEE_F64LE, array.shape);
  if (!array.values.empty())
    check(H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()),
          "dataset cannot be written");
  write_attribute(dataset, "unit", array.unit);
}

void write_texts(hid_t group, const std::string& name, const std::vector<std::string>& texts) {
  const Id type = text_type();
  const Id dataset = create_dataset(group, name, type, {texts.size()});
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  if (!pointers.empty())
    check(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, pointers.data()), "dataset cannot be written");
}

Id create_group(hid_t parent, const std::string& name) {
  return {H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
          "group cannot be created"};
}

std::vector<std::string> attribute_names(hid_t object) {
  H5O_info_t info;
  check(H5Oget_info2(object, &info, H5O_INFO_NUM_ATTRS), "cannot be looked into");
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.num_attrs; ++i)
    names.push_back(name_by([&](char* text, std::size_t size) {
      return H5Aget_name_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC, i, text, size, H5P_DEFAULT);
    }));
  return names;
}

std::vector<std::string> member_names(hid_t group) {
  H5G_info_t info;
  check(H5Gget_info(group, &info), "cannot be looked into");
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i)
    names.push_back(name_by([&](char* text, std::size_t size) {
      return H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, text, size, H5P_DEFAULT);
    }));
  return names;
}

Kind kind_of(hid_t group, const std::string& name) {
  H5L_info_t link;
  check(H5Lget_info(group, name.c_str(), &link, H5P_DEFAULT), "cannot be looked up");
  if (link.type != H5L_TYPE_HARD) return Kind::other;
  const Id object(H5Oopen(group, name.c_str(), H5P_DEFAULT), H5Oclose, "cannot be opened");
  const H5I_type_t type = H5Iget_type(object);
  if (type == H5I_GROUP) return Kind::group;
  if (type != H5I_DATASET) return Kind::other;
  const Id values(H5Dget_type(object), H5Tclose, "has no type");
  if (H5Tget_class(values) == H5T_FLOAT) return Kind::numbers;
  return is_text(values) ? Kind::texts : Kind::other;
}

std::string read_text_attribute(hid_t object, const std::string& name) {
  const Id attribute = open_attribute(object, name);
  const Id stored(H5Aget_type(attribute), H5Tclose, "has no type");
  const Id space(H5Aget_space(attribute), H5Sclose, "has no shape");
  if (!is_text(stored) || H5Sget_simple_extent_type(space) != H5S_SCALAR) throw Failure("is no text");
  const Id type = text_type();
  BorrowedTexts text(1, type, space);
  check(H5Aread(attribute, type, text.data()), "cannot be read");
  return text.copy().front();
}

int read_integer_attribute(hid_t object, const std::string& name) {
  const Id attribute = open_attribute(object, name);
  const Id stored(H5Aget_type(attribute), H5Tclose, "has no type");
  const Id space(H5Aget_space(attribute), H5Sclose, "has no shape");
  if (H5Tget_class(stored) != H5T_INTEGER || H5Sget_simple_extent_type(space) != H5S_SCALAR)
    throw Failure("is no integer");
  int value = 0;
  check(H5Aread(attribute, H5T_NATIVE_INT, &value), "cannot be read");
  return value;
}

Id open_group(hid_t parent, const std::string& name) {
  return {H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose, "cannot be opened"};
}

ArrayGroup::Array read_array(hid_t group, const std::string& name, std::size_t most) {
  const Id dataset = open_dataset(group, name);
  const Id space(H5Dget_space(dataset), H5Sclose, "has no shape");
  ArrayGroup::Array array;
  array.shape = shape_of(space, sizeof(double), most);
  array.values.resize(count(array.shape));
  if (!array.values.empty())
    check(H5Dread(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()), "cannot be read");
  array.unit = read_text_attribute(dataset, "unit");
  return array;
}

std::vector<std::string> read_texts(hid_t group, const std::string& name, std::size_t most) {
  const Id dataset = open_dataset(group, name);
  const Id space(H5Dget_space(dataset), H5Sclose, "has no shape");
  const std::vector<std::size_t> shape = shape_of(space, sizeof(char*), most);
  if (shape.size() != 1) throw Failure("is no list");
  const Id type = text_type();
  BorrowedTexts texts(shape[0], type, space);
  if (shape[0] > 0) check(H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts.data()), "cannot be read");
  return texts.copy();
}

}  // namespace ridgeline::hdf5
