# Compiles model/zoo/*.yaml into the program: a name is known wherever it runs, whatever is installed beside it.
# ridgeline_zoo(FILE bert.yaml ...): writes FILE from the zoo files, in the order of the list.

function(ridgeline_zoo output)
  set(entries "")
  foreach(name IN LISTS ARGN)
    set(file ${CMAKE_CURRENT_SOURCE_DIR}/zoo/${name})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} text)
    string(APPEND entries "    {\"model/zoo/${name}\", R\"zoo(${text})zoo\"},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT
"#include \"model/zoo_files.hpp\"

namespace ridgeline {
namespace {
constexpr ZooFile kFiles[] = {
@entries@};
}
std::span<const ZooFile> zoo_files() { return kFiles; }
}  // namespace ridgeline
")
endfunction()
