# Compiles model/zoo/*.yaml into the program: a name is known wherever it runs, whatever is installed beside it.

file(GLOB RIDGELINE_ZOO CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/zoo/*.yaml)
list(SORT RIDGELINE_ZOO)
set(_entries "")
foreach(file IN LISTS RIDGELINE_ZOO)
  file(READ ${file} _text)
  get_filename_component(_name ${file} NAME)
  string(APPEND _entries "    {\"model/zoo/${_name}\", R\"zoo(${_text})zoo\"},\n")
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${RIDGELINE_ZOO})
file(CONFIGURE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/zoo_files.cpp @ONLY CONTENT
"#include \"model/zoo_files.hpp\"

namespace ridgeline {
namespace {
constexpr ZooFile kFiles[] = {
@_entries@};
}
std::span<const ZooFile> zoo_files() { return kFiles; }
}  // namespace ridgeline
")
